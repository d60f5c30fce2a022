import type { Decision, StreamState } from '../decide/stream-state.js'
import type { Environment, StreamFaultCode, StreamLimits } from './environment.js'
import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StreamChange,
  StreamStore,
  Version,
} from '../store/contract.js'
import type { StreamPath } from '../protocol/branded.js'
import { ChangeBatch } from './change-batch.js'
import { StoreError } from '../store/contract.js'
import { StreamFault } from './environment.js'

/** A request for one stream: what to load for it, and how to decide it. */
export interface Write<Outcome> {
  readonly entryKeys: readonly string[]
  /** Bytes that it holds while it waits. */
  readonly byteLength: number
  decide(state: StreamState | null, now: number): Decision<Outcome>
}

/** A write in the queue, its outcome's type forgotten. */
export interface QueuedWrite {
  readonly write: Write<unknown>
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: unknown) => void
}

const NOTHING_LEFT: QueuedWrite[] = []
const NOTHING: readonly string[] = []
/** How often a commit of unknown outcome is looked for, with pauses that double. */
const MAX_UNKNOWN_ATTEMPTS = 6
const UNKNOWN_PAUSE_MS = 25
const UNKNOWN_MESSAGE = 'it is not known whether the change was committed'
/** A window is moved on when it is older than a fiftieth of itself, or than a second. */
const TOUCH_FRACTION = 50
const TOUCH_MS = 1_000

/** How often a batch is decided again because another node had changed the stream. */
const MAX_ATTEMPTS = 16

/**
 * One queue per stream. While a commit is in flight later writes gather, and the next commit carries them all, so
 * that concurrent writers cost one round trip together. Outcomes are told only when their commit is durable.
 */
export class CommitQueue {
  readonly #store: StreamStore
  readonly #environment: Environment
  readonly #limits: StreamLimits
  readonly #queues = new Map<StreamPath, QueuedWrite[]>()
  /** Made at the first commit, because some runtimes give no randomness before the first request. */
  #commitPrefix = ''
  #commits = 0
  #queuedBytes = 0
  /** Queues that are drained at the end of this turn of the event loop. */
  #ready: [path: StreamPath, queue: QueuedWrite[]][] = []
  #idle: (() => void)[] = []

  constructor(store: StreamStore, environment: Environment, limits: StreamLimits) {
    this.#store = store
    this.#environment = environment
    this.#limits = limits
  }

  /** Decides a write in its turn and commits what it changes. Rejects with a {@link StreamFault}. */
  submit<Outcome>(path: StreamPath, write: Write<Outcome>): Promise<Outcome> {
    const waiting = this.#queues.get(path)
    if (
      (waiting?.length ?? 0) >= this.#limits.maxQueuedWrites ||
      this.#queuedBytes + write.byteLength > this.#limits.maxQueuedBytes
    ) {
      return Promise.reject(new StreamFault('overloaded', 'too many writes are waiting'))
    }
    this.#queuedBytes += write.byteLength
    return new Promise<Outcome>((resolve, reject) => {
      const queued = { write, resolve: resolve as (outcome: unknown) => void, reject }
      if (waiting !== undefined) {
        waiting.push(queued)
        return
      }
      const queue = [queued]
      this.#queues.set(path, queue)
      this.#drainSoon(path, queue)
    })
  }

  /**
   * Starts a stream's sliding window anew, if it has one and that has not just been done. It never fails: a read or
   * a decision that was made is worth more than the window.
   */
  async touch(path: StreamPath, loaded: LoadedStream, now: number): Promise<void> {
    const { expiry, streamId } = loaded.record
    if (expiry.kind !== 'ttl') return
    if (now - loaded.touchedAt < Math.min((expiry.seconds * 1000) / TOUCH_FRACTION, TOUCH_MS)) return
    try {
      await this.#store.touch(path, streamId, now)
    } catch {
      // The window stays where it was; the next use tries again.
    }
  }

  /** Resolves when no write is waiting or in flight. */
  async whenIdle(): Promise<void> {
    if (this.#queues.size === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /**
   * Requests that arrive in the same turn of the event loop share a commit, and the answers of all streams go out
   * in one burst, which costs the kernel far fewer wake-ups than answers one by one.
   */
  #drainSoon(path: StreamPath, queue: QueuedWrite[]): void {
    this.#ready.push([path, queue])
    if (this.#ready.length > 1) return
    this.#environment.defer(() => {
      const ready = this.#ready
      this.#ready = []
      for (const [readyPath, readyQueue] of ready) void this.#drain(readyPath, readyQueue)
    })
  }

  async #drain(path: StreamPath, queue: QueuedWrite[]): Promise<void> {
    while (queue.length > 0) {
      const batch = this.#takeBatch(queue)
      try {
        const left = await this.#commitBatch(path, batch)
        if (left.length > 0) queue.unshift(...left)
      } catch (error) {
        const fault = asFault(error)
        for (const { write, reject } of batch) {
          this.#queuedBytes -= write.byteLength
          reject(fault)
        }
      }
    }
    this.#queues.delete(path)
    if (this.#queues.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #takeBatch(queue: QueuedWrite[]): QueuedWrite[] {
    if (queue.length === 1) return queue.splice(0)
    let bytes = 0
    let count = 0
    while (count < queue.length) {
      bytes += queue[count]!.write.byteLength
      if (count > 0 && bytes > this.#limits.maxCommitBytes) break
      count++
    }
    return queue.splice(0, count)
  }

  /** Returns the writes that have to wait for the next commit. */
  async #commitBatch(path: StreamPath, batch: QueuedWrite[]): Promise<QueuedWrite[]> {
    const entryKeys = batch.length === 1 ? batch[0]!.write.entryKeys : collectKeys(batch)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const loaded = await this.#store.load(path, entryKeys)
      const changes = new ChangeBatch(loaded, this.#environment.now())
      const outcomes = changes.decide(batch)
      const change = changes.toStreamChange(this.#newCommitId())
      if (change === null) {
        if (changes.touches && loaded !== null) await this.touch(path, loaded, changes.now)
      } else {
        const expected = loaded?.version ?? null
        const result = await this.#tryCommit(path, expected, change)
        if (result.kind === 'conflict') continue
        if (result.kind === 'unknown') await this.#resolveUnknown(path, expected, change, result)
      }
      this.#settle(batch, outcomes)
      return outcomes.length === batch.length ? NOTHING_LEFT : batch.slice(outcomes.length)
    }
    throw new StreamFault('contended', `${MAX_ATTEMPTS} attempts met other writers`)
  }

  /** What a store throws without calling it a definite failure may have happened all the same. */
  #tryCommit(path: StreamPath, expected: Version | null, change: StreamChange): MaybePromise<CommitResult> {
    try {
      const result = this.#store.commit(path, expected, change)
      return 'then' in result ? Promise.resolve(result).catch(toUnknown) : result
    } catch (error) {
      return toUnknown(error)
    }
  }

  /**
   * Finds out whether a commit has happened; resolves if it has, and throws if that cannot be told.
   *
   * The same change with the same expectation cannot happen twice, so it may be repeated while the stream has not
   * moved. A conflict then may be our own commit with others on top of it, which nobody can tell.
   */
  async #resolveUnknown(
    path: StreamPath,
    expected: Version | null,
    change: StreamChange,
    unknown: CommitResult,
  ): Promise<void> {
    let result = unknown
    try {
      for (let attempt = 1; attempt <= MAX_UNKNOWN_ATTEMPTS; attempt++) {
        const found = await this.#store.load(path, NOTHING)
        if (found?.commitId === change.commitId || (found === null && change.record === null)) return
        if ((found?.version ?? null) !== expected) break
        if (attempt > 1) await this.#pause(UNKNOWN_PAUSE_MS * 2 ** attempt)
        result = await this.#tryCommit(path, expected, change)
        if (result.kind === 'committed') return
      }
    } catch (cause) {
      // Whatever fails now, the first attempt may have happened.
      throw new StreamFault('outcome-unknown', UNKNOWN_MESSAGE, { cause })
    }
    const cause = result.kind === 'unknown' ? result.cause : undefined
    throw new StreamFault('outcome-unknown', UNKNOWN_MESSAGE, { cause })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#environment.schedule(ms, resolve))
  }

  #newCommitId(): string {
    if (this.#commitPrefix === '') this.#commitPrefix = this.#environment.newStreamId()
    return `${this.#commitPrefix}${++this.#commits}`
  }

  #settle(batch: readonly QueuedWrite[], outcomes: readonly unknown[]): void {
    for (let i = 0; i < outcomes.length; i++) {
      const { write, resolve } = batch[i]!
      this.#queuedBytes -= write.byteLength
      resolve(outcomes[i])
    }
  }
}

function toUnknown(error: unknown): CommitResult {
  if (error instanceof StoreError) throw error
  return { kind: 'unknown', cause: error }
}

/** What a store threw, as a fault of the engine. */
export function asFault(error: unknown): StreamFault {
  if (error instanceof StreamFault) return error
  const codes: Readonly<Record<StoreError['code'], StreamFaultCode>> = {
    unavailable: 'unavailable',
    full: 'storage-full',
    corrupt: 'storage-corrupt',
  }
  const code = error instanceof StoreError ? codes[error.code] : 'unavailable'
  return new StreamFault(code, error instanceof Error ? error.message : 'the store failed', { cause: error })
}

function collectKeys(batch: readonly QueuedWrite[]): string[] {
  const keys = new Set<string>()
  for (const { write } of batch) for (const key of write.entryKeys) keys.add(key)
  return [...keys]
}
