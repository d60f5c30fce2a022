import type { Decision, StreamState } from '../decide/stream-state.js'
import type { Environment, StreamLimits } from './environment.js'
import type { LoadedStream, MaybePromise, StreamStore } from '../store/contract.js'
import type { StreamPath } from '../protocol/branded.js'
import { CommitQueue } from './commit-queue.js'
import { ImmediateWriter } from './immediate-writer.js'

/** A request for one stream: what to load for it, and how to decide it. */
export interface Write<Outcome> {
  readonly entryKeys: readonly string[]
  /** Bytes that it holds while it waits. */
  readonly byteLength: number
  decide(state: StreamState | null, now: number): Decision<Outcome>
  /**
   * The outcome of a change that commuted, and went behind so many bytes that were not known when it was decided. Without
   * it no change commutes. Cheaper than to decide it again.
   */
  move?(outcome: Outcome, byBytes: number): Outcome
}

/** Brings the writes of each stream into an order, decides them and commits what they change. */
export interface StreamWriter {
  /** The write's outcome, once its commit is durable. Throws or rejects with a {@link StreamFault}. */
  submit<Outcome>(path: StreamPath, write: Write<Outcome>): MaybePromise<Outcome>
  /** Moves a stream's sliding window on, as {@link Committer.touch} does. */
  touch(path: StreamPath, loaded: LoadedStream, now: number): Promise<void>
  /** Resolves when no write is waiting or in flight. */
  whenIdle(): Promise<void>
}

/** @param onGrown called when a commit has made a stream longer, or made one that is not empty */
export function createWriter(
  store: StreamStore,
  environment: Environment,
  limits: StreamLimits,
  onGrown?: (path: StreamPath) => void,
): StreamWriter {
  return store.capabilities.immediate === true
    ? new ImmediateWriter(store, environment, onGrown)
    : new CommitQueue(store, environment, limits, onGrown)
}
