import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StoreCapabilities,
  StoreHealth,
  StreamChange,
  StreamId,
  StreamPath,
  StreamStore,
  Version,
} from '@ds/core'
import type { Damage } from './manifest.js'
import type { FileStoreOptions, Runtime } from './open-store.js'
import type { FileSystem } from './file-system.js'
import type { OpenParts } from './open-store.js'
import type { StreamHead } from './hot-layer.js'
import { NodeFileSystem } from './node-file-system.js'
import { StoreError } from '@ds/core'
import { encodeCommit, fitsRecord } from './journal-format.js'
import { isStream } from './hot-layer.js'
import { mkdir } from 'node:fs/promises'
import { nodeRuntime, openParts } from './open-store.js'

/** What an operator wants to know of a store. */
export interface FileStoreHealth extends StoreHealth {
  /** False while the journal cannot be written; reads go on. */
  readonly isWritable: boolean
  /** What was lost; the streams named can only be read. Empty when all is well. */
  readonly damage: readonly Damage[]
  /** Why the last checkpoint failed; null when it did not. */
  readonly checkpointFailure: unknown
}

/**
 * Streams in a directory of this machine, for one process. Commits go into a journal that all streams share, and
 * are answered when they are durable; checkpoints bring them into tables and segments.
 */
export class FileStore implements StreamStore {
  readonly capabilities: StoreCapabilities
  readonly #parts: OpenParts
  readonly #quarantined: ReadonlySet<string>
  readonly #watchers = new Map<StreamPath, Set<() => void>>()
  /** Commits under way, by path: the next one on a path waits for the one before it. */
  readonly #underWay = new Map<StreamPath, Promise<unknown>>()
  #closing: Promise<void> | null = null

  private constructor(parts: OpenParts) {
    this.#parts = parts
    this.#quarantined = new Set(parts.damage.flatMap(({ path }) => (path === null ? [] : [path])))
    const durability = parts.syncs ? 'power' : 'process'
    this.capabilities = { name: 'file', durability, multiNode: false }
  }

  /**
   * Opens a data directory, and makes one where there is none. Rejects with a StoreError: `unavailable` when another
   * process has it, `corrupt` when it is not one of this store, or of a newer version, or damaged as a whole.
   */
  static async open(directory: string, options: FileStoreOptions = {}): Promise<FileStore> {
    await mkdir(directory, { recursive: true })
    return FileStore.openOn(new NodeFileSystem(directory), nodeRuntime, options)
  }

  /** The same on another file system, with a clock and randomness from outside; for simulations. */
  static async openOn(
    fileSystem: FileSystem,
    runtime: Runtime,
    options: FileStoreOptions = {},
  ): Promise<FileStore> {
    return new FileStore(await openParts(fileSystem, runtime, options))
  }

  /** What was lost before this store was opened, and is reported until the directory is replaced. */
  get damage(): readonly Damage[] {
    return this.#parts.damage
  }

  health(): FileStoreHealth {
    const { journal, maintenance, damage } = this.#parts
    const problems = damage.map(({ path, what }) => `${path ?? 'unknown stream'}: ${what}`)
    if (journal.isBroken) problems.push('the journal cannot be written')
    if (maintenance.failure !== null) problems.push('the last checkpoint failed')
    return { isWritable: !journal.isBroken, problems, damage, checkpointFailure: maintenance.failure }
  }

  load(path: StreamPath, entryKeys: readonly string[]): MaybePromise<LoadedStream | null> {
    this.#refuseWhenClosed()
    const loaded = this.#looking(this.#parts.index.load(path, entryKeys))
    return this.#quarantined.has(path) ? this.#loadQuarantined(path, loaded) : loaded
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    const before = this.#underWay.get(path)
    const committing =
      before === undefined
        ? this.#commit(path, expected, change)
        : before.then(
            () => this.#commit(path, expected, change),
            () => this.#commit(path, expected, change),
          )
    this.#underWay.set(path, committing)
    const forget = (): void => {
      if (this.#underWay.get(path) === committing) this.#underWay.delete(path)
    }
    committing.then(forget, forget)
    return this.#parts.deadline.boundCommit(change.commitId, committing)
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): MaybePromise<readonly Uint8Array[] | null> {
    this.#refuseWhenClosed()
    return this.#looking(this.#parts.index.read(path, streamId, from, limitBytes))
  }

  watch(path: StreamPath, wake: () => void): () => void {
    let watchers = this.#watchers.get(path)
    if (watchers === undefined) this.#watchers.set(path, (watchers = new Set()))
    const added = watchers
    added.add(wake)
    return () => {
      added.delete(wake)
      if (added.size === 0 && this.#watchers.get(path) === added) this.#watchers.delete(path)
    }
  }

  touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.touch(path, streamId, now))
  }

  list(prefix: string, after: string, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.list(prefix, after, limit))
  }

  due(now: number, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.due(now, limit))
  }

  /** Waits for what is under way, makes a last checkpoint so that the next start is quick, and lets go. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    const { journal, maintenance, index, segments, unlock } = this.#parts
    this.#watchers.clear()
    await Promise.allSettled([...this.#underWay.values()])
    await maintenance.finish()
    await journal.close()
    await index.tables.close()
    await segments.close()
    await unlock()
  }

  async #commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    this.#refuseWhenClosed()
    const { index, journal, maintenance, deadline } = this.#parts
    const room = maintenance.makeRoom()
    if (room !== undefined) await room
    let head = index.headNow(path)
    if (head === undefined) {
      const found = await index.head(path).catch(rethrow)
      // A touch may have come meanwhile; commits cannot.
      head = index.headNow(path) ?? found
    }
    if (!isExpected(head, expected, change) || deadline.wasLate(change.commitId)) return { kind: 'conflict' }
    if (this.#quarantined.has(path))
      throw new StoreError('corrupt', `${path} has lost commits and can only be read`)
    if (!fitsRecord(change)) throw new StoreError('full', 'a commit is larger than any can be')
    const before = head?.record ?? null
    const encoded = encodeCommit(path, before, before === null ? 0 : head!.version, change)
    let version = 0
    const appended = await journal.append(encoded, (sequence) => {
      version = sequence
      const { record, commitId, touchedAt, bytes, entries } = change
      index.apply(path, head, { record, version, commitId, touchedAt, bytes, entries })
      for (const wake of this.#watchers.get(path) ?? []) wake()
    })
    return appended.kind === 'durable' ? { kind: 'committed', version } : appended
  }

  /** A stream whose first commit was lost must not seem never to have been. */
  async #loadQuarantined(path: StreamPath, found: MaybePromise<LoadedStream | null>): Promise<LoadedStream> {
    const loaded = await found
    if (loaded === null)
      throw new StoreError('corrupt', `${path} has lost commits, and nothing is left of it`)
    return loaded
  }

  #looking<T>(found: MaybePromise<T>): MaybePromise<T> {
    return found instanceof Promise ? this.#bounded(found) : found
  }

  /** Failures become those that the contract knows, and nothing takes for ever. */
  #bounded<T>(work: Promise<T>): Promise<T> {
    return this.#parts.deadline.boundLook(work.catch(rethrow))
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== null) throw new StoreError('unavailable', 'the store is closed')
  }
}

function isExpected(head: StreamHead | null, expected: Version | null, change: StreamChange): boolean {
  const version = isStream(head) ? head.version : null
  if (version !== expected) return false
  return change.ifTouchedAt === null || head?.touchedAt === change.ifTouchedAt
}

function rethrow(cause: unknown): never {
  if (cause instanceof StoreError) throw cause
  const message = cause instanceof Error ? cause.message : 'the disk failed'
  throw new StoreError('unavailable', message, { cause })
}
