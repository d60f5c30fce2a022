import type { StreamId, StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from './record.js'

/** Stores that answer at once need not make promises, and others may make lighter ones, as `Later` is. */
export type MaybePromise<T> = T | PromiseLike<T>

/** Whether an answer is still to come. A store that answers at once is not waited for: a wait costs as much as the answer. */
export function isPromise<T>(answer: MaybePromise<T>): answer is PromiseLike<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

/**
 * Tells one state of a record from the next; only the store that made it knows what is inside. A version never
 * comes back at a path, not even after the stream was removed and another one created there.
 */
export type Version = string | number

/**
 * What keeps streams. A store knows nothing of the protocol: it keeps records, entries and bytes, and it changes
 * a stream in one step if nobody else has changed it in between.
 *
 * Nothing can be seen, by `load`, `read` or a wake-up, before it is as durable as the store promises, and what one
 * call has seen, no later call takes back. Every call ends within a time that the store bounds. Paths have up to
 * 1,024 UTF-16 units, which are up to 3 KiB of UTF-8. Every method may throw a {@link StoreError}; anything else
 * that it throws counts as a fault of the store, too.
 */
export interface StreamStore {
  readonly capabilities: StoreCapabilities

  /**
   * The stream's record, and of its entries those that are asked for and exist. It sees every commit that was
   * acknowledged before the call, by any node.
   */
  load(path: StreamPath, entryKeys: readonly string[]): MaybePromise<LoadedStream | null>

  /**
   * What this node last saw of a stream, with all the entries that are asked for, from its own memory; undefined
   * when it does not know. Left out by stores whose `load` is as quick. It may be out of date, so nothing may be told
   * anybody because of it: the engine only builds commits on it, and the version that they expect proves it right
   * or has it decided again; only of a change that {@link StreamChange.commutes} it may be wrong about the tail. What met
   * a conflict is not recalled once more.
   */
  recall?(path: StreamPath, entryKeys: readonly string[]): LoadedStream | undefined

  /**
   * Changes a stream, all of it or nothing, if its version is still `expected` (null: if it does not exist). When
   * it answers `committed`, every `wake` that watches the path has been or will be called.
   *
   * After `unknown` the same change may come again with the same expectation, but never as one that commutes; a commit
   * id takes effect at most once, even if the stream was removed in between. A store may answer such a repeated change
   * with `conflict`.
   *
   * The store never writes to what it is given.
   */
  commit(path: StreamPath, expected: Version | null, change: StreamChange): MaybePromise<CommitResult>

  /**
   * Bytes of one incarnation from a position on, which lies in [base, tail): at least one byte, at most
   * `limitBytes`, in as many pieces as is convenient. The caller does not write to them, and the store never
   * changes them. Null when the incarnation is gone. The stream at `path` may be soft-deleted.
   */
  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): MaybePromise<readonly Uint8Array[] | null>

  /**
   * Calls `wake` after the stream at `path` has changed, by any node: after a commit, a creation, a removal; `load`
   * shows the change by then. Calls may be late, merged or repeated; on a multi-node store they may be lost. A
   * watch that takes effect only later calls `wake` when it does. Returns what ends the watch; after that `wake` is
   * not called any more. Every call is a watch of its own, even with the same function: see `Watchers`.
   */
  watch(path: StreamPath, wake: () => void): () => void

  /**
   * Moves the start of the sliding expiry window of an incarnation; of two moments the later one stands. It makes
   * no new version. A crash may undo touches, if opening the store counts as a touch of every stream.
   */
  touch(path: StreamPath, streamId: StreamId, now: number): MaybePromise<void>

  /**
   * Paths that begin with `prefix` and sort after `after`, at most `limit`, in the order of
   * {@link comparePaths}.
   */
  list(prefix: string, after: string, limit: number): MaybePromise<readonly StreamPath[]>

  /**
   * Paths of streams whose `dueAt(record, touchedAt)` has come, in any order, at most `limit`, none twice. It may miss some
   * that later calls name, as long as no stream is missed for ever.
   */
  due(now: number, limit: number): MaybePromise<readonly StreamPath[]>

  /** What an operator should know; left out by stores that never have anything to tell. Answers from memory. */
  health?(): StoreHealth

  /**
   * Waits for the commits under way, and lets go of everything. What was committed stays. Nobody is woken afterwards;
   * calls that still come end with an answer or a {@link StoreError}.
   */
  close(): MaybePromise<void>
}

/** How a store is. */
export interface StoreHealth {
  /** False while commits cannot succeed; reads go on. */
  readonly isWritable: boolean
  /** In words, for people: what is damaged, what failed in the background. Empty when all is well. */
  readonly problems: readonly string[]
}

/** What a store promises; the engine and the conformance cases act on it. */
export interface StoreCapabilities {
  /** For logs and the health endpoint, such as `memory`. */
  readonly name: string
  /**
   * What a committed change survives: nothing (`volatile`), the end of the process (`process`), a loss of power
   * (`power`).
   */
  readonly durability: 'volatile' | 'process' | 'power'
  /** Whether several engines may use the same data at once. */
  readonly multiNode: boolean
  /**
   * Whether `load`, `commit` and `touch` have done their work when they return, without a promise and with no outcome that is
   * unknown, and nobody else changes the streams. Engines then commit writes as they come, and need no commit ids: all
   * of an engine's commits may have the same. Default false.
   */
  readonly immediate?: boolean
}

/** A stream as a store knows it. */
export interface LoadedStream {
  readonly record: StreamRecord
  readonly version: Version
  /** The {@link StreamChange.commitId} of the last commit. */
  readonly commitId: string
  /** When a commit or a touch last moved the expiry window, in milliseconds since 1970. */
  readonly touchedAt: number
  readonly entries: ReadonlyMap<string, string>
}

/** One step of one stream. */
export interface StreamChange {
  /** Names this commit, so that its author can recognise it after an unknown outcome; 1 to 64 characters. */
  readonly commitId: string
  /**
   * The record after the step; null removes the stream with its bytes and entries (the change then has none). A record with another
   * `streamId` than before replaces the incarnation: the old one's bytes and entries go in the same step.
   */
  readonly record: StreamRecord | null
  /**
   * Bytes that follow the ones stored so far; `record.tail` already counts them. Once the commit has ended, they may
   * be written over.
   */
  readonly bytes: readonly Uint8Array[]
  /** Entries to set, or with null to remove. */
  readonly entries: ReadonlyMap<string, string | null>
  /**
   * The new start of the expiry window, unless it is later already; null leaves it where it is. A new incarnation
   * starts with it, or with its `createdAt` when it is null.
   */
  readonly touchedAt: number | null
  /**
   * When not null, the change also conflicts if the expiry window no longer starts at this moment: what ends an
   * expired stream must not overlook that it has just been used.
   */
  readonly ifTouchedAt: number | null
  /**
   * True for a change that adds bytes, and perhaps sets entries, and that would have been decided alike if the stream had
   * only been longer. Where the version is not the expected one, a store may then do it all the same, behind what others
   * have added, if since that version nothing but such changes was committed and the entries that it sets are what they
   * were. Stores that take no part in this do not look at it.
   */
  readonly commutes?: boolean
}

/**
 * What became of a commit. `unknown` means that it may or may not have happened, now or later; the engine then
 * looks for its own commit id and never repeats the change blindly. A commit that definitely did not happen, for
 * any other reason than a conflict, is a thrown {@link StoreError}.
 */
export type CommitResult =
  /** With a `tail` when that is not the change's own, because the change commuted with those of others. */
  | { readonly kind: 'committed'; readonly version: Version; readonly tail?: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown'; readonly cause: unknown }

/** Why a store could not do what it was asked for, without having changed anything. */
export type StoreErrorCode =
  /** It cannot be reached or is stopping; a later attempt may succeed. */
  | 'unavailable'
  /** There is no space; reads go on. */
  | 'full'
  /** What it finds cannot be trusted. */
  | 'corrupt'

/** A definite failure of a store: nothing has changed. */
export class StoreError extends Error {
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
