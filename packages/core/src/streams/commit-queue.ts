import type { DecidedBatch } from './change-batch.js'
import type { Environment, StreamLimits } from './environment.js'
import type { LoadedStream, MaybePromise, StreamChange, StreamStore } from '../store/contract.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamWriter, Write } from './stream-writer.js'
import { Committer, asFault } from './committer.js'
import { Later } from './later.js'
import { isPromise } from '../store/contract.js'
import { StreamFault } from './environment.js'
import { decideBatch } from './change-batch.js'

/** A write in the queue, its outcome's type forgotten. */
export interface QueuedWrite {
  readonly write: Write<unknown>
  readonly outcome: Later<unknown>
}

/** The writes that wait for one stream. */
interface StreamQueue {
  readonly path: StreamPath
  waiting: QueuedWrite[]
  /** Whether a write is waiting or in flight. */
  isBusy: boolean
}

/** Queues that are kept for later writes, besides as many as are busy: few enough to be found quickly and to die young. */
const MAX_IDLE_QUEUES = 256
/** Nothing that is new hangs on what is old, or it would be taken for old as well. */
const NOBODY: QueuedWrite[] = []

/** How often a batch is decided again because another node had changed the stream. */
const MAX_ATTEMPTS = 16

/**
 * One queue per stream. While a commit is in flight later writes gather, and the next commit carries them all, so
 * that concurrent writers cost one round trip together. Outcomes are told only when their commit is durable.
 */
export class CommitQueue implements StreamWriter {
  readonly #store: StreamStore
  readonly #environment: Environment
  readonly #limits: StreamLimits
  readonly #committer: Committer
  readonly #onGrown: ((path: StreamPath) => void) | undefined
  #queues = new Map<StreamPath, StreamQueue>()
  #busyQueues = 0
  #queuedBytes = 0
  /** Queues that are drained at the end of this turn of the event loop. */
  #ready: StreamQueue[] = []
  #idle: (() => void)[] = []

  /** @param onGrown called when a commit has made a stream longer, or made one that is not empty */
  constructor(
    store: StreamStore,
    environment: Environment,
    limits: StreamLimits,
    onGrown?: (path: StreamPath) => void,
  ) {
    this.#onGrown = onGrown
    this.#store = store
    this.#environment = environment
    this.#limits = limits
    this.#committer = new Committer(store, environment)
  }

  /** Decides a write in its turn and commits what it changes. Rejects with a {@link StreamFault}. */
  submit<Outcome>(path: StreamPath, write: Write<Outcome>): Later<Outcome> {
    const queue = this.#queues.get(path)
    if (
      (queue !== undefined && queue.waiting.length >= this.#limits.maxQueuedWrites) ||
      this.#queuedBytes + write.byteLength > this.#limits.maxQueuedBytes
    ) {
      throw new StreamFault('overloaded', 'too many writes are waiting')
    }
    this.#queuedBytes += write.byteLength
    const outcome = new Later<Outcome>()
    const queued: QueuedWrite = { write, outcome }
    if (queue === undefined) this.#drainSoon({ path, waiting: [queued], isBusy: false })
    else if (queue.isBusy) queue.waiting.push(queued)
    else {
      queue.waiting = [queued]
      this.#drainSoon(queue)
    }
    return outcome
  }

  /** Moves a stream's sliding window on, as {@link Committer.touch} does. */
  touch(path: StreamPath, loaded: LoadedStream, now: number): Promise<void> {
    return this.#committer.touch(path, loaded, now)
  }

  /** Resolves when no write is waiting or in flight. */
  async whenIdle(): Promise<void> {
    if (this.#busyQueues === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /**
   * Requests that arrive in the same turn of the event loop share a commit, and the answers of all streams go out
   * in one burst, which costs the kernel far fewer wake-ups than answers one by one.
   */
  #drainSoon(queue: StreamQueue): void {
    this.#queues.set(queue.path, queue)
    queue.isBusy = true
    this.#busyQueues++
    this.#ready.push(queue)
    if (this.#ready.length > 1) return
    this.#environment.defer(() => {
      const ready = this.#ready
      this.#ready = []
      for (const each of ready) this.#drain(each)
    })
  }

  #drain(queue: StreamQueue): void {
    while (queue.waiting.length > 0) {
      const batch = this.#takeBatch(queue)
      try {
        const committing = this.#commitBatch(queue.path, batch)
        if (isPromise(committing)) {
          this.#drainLater(queue, batch, committing)
          return
        }
        this.#settle(queue, batch, committing)
      } catch (error) {
        this.#refuse(batch, asFault(error))
      }
    }
    queue.isBusy = false
    queue.waiting = NOBODY
    this.#busyQueues--
    const idleQueues = this.#queues.size - this.#busyQueues
    if (idleQueues > MAX_IDLE_QUEUES && idleQueues > this.#busyQueues) this.#forgetIdle()
    if (this.#busyQueues === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** A new map, because one that much is removed from leaves tables behind that keep each other alive. */
  #forgetIdle(): void {
    const busy = new Map<StreamPath, StreamQueue>()
    for (const queue of this.#queues.values()) if (queue.isBusy) busy.set(queue.path, queue)
    this.#queues = busy
  }

  #drainLater(queue: StreamQueue, batch: QueuedWrite[], committing: PromiseLike<readonly unknown[]>): void {
    committing.then(
      (outcomes) => {
        this.#settle(queue, batch, outcomes)
        this.#drain(queue)
      },
      (error: unknown) => {
        this.#refuse(batch, asFault(error))
        this.#drain(queue)
      },
    )
  }

  #takeBatch(queue: StreamQueue): QueuedWrite[] {
    const { waiting } = queue
    let bytes = 0
    let count = 0
    while (count < waiting.length) {
      bytes += waiting[count]!.write.byteLength
      if (count > 0 && bytes > this.#limits.maxCommitBytes) break
      count++
    }
    queue.waiting = count === waiting.length ? [] : waiting.splice(count)
    return waiting
  }

  /** The outcomes of the first writes of the batch; the others have to wait for the next commit. */
  #commitBatch(
    path: StreamPath,
    batch: readonly QueuedWrite[],
    attempt = 1,
  ): MaybePromise<readonly unknown[]> {
    if (attempt > MAX_ATTEMPTS) {
      throw new StreamFault('contended', `${MAX_ATTEMPTS} attempts met other writers`)
    }
    const entryKeys = collectKeys(batch)
    const recalled = this.#store.recall?.(path, entryKeys)
    if (recalled !== undefined) {
      const decided = this.#decide(batch, recalled)
      // Without a commit nothing proves that what is recalled is still so.
      if (decided.change !== null) {
        return this.#commitDecided(path, batch, attempt, recalled, decided, decided.change)
      }
    }
    const loaded = this.#store.load(path, entryKeys)
    if (!isPromise(loaded)) return this.#commitLoaded(path, batch, attempt, loaded)
    return loaded.then((found) => this.#commitLoaded(path, batch, attempt, found))
  }

  #decide(batch: readonly QueuedWrite[], loaded: LoadedStream | null): DecidedBatch {
    return decideBatch(batch, loaded, this.#environment.now(), this.#committer.newCommitId())
  }

  #commitLoaded(
    path: StreamPath,
    batch: readonly QueuedWrite[],
    attempt: number,
    loaded: LoadedStream | null,
  ): MaybePromise<readonly unknown[]> {
    const decided = this.#decide(batch, loaded)
    if (decided.change !== null)
      return this.#commitDecided(path, batch, attempt, loaded, decided, decided.change)
    const { outcomes, touches } = decided
    if (!touches || loaded === null) return outcomes
    return this.#committer.touch(path, loaded, this.#environment.now()).then(() => outcomes)
  }

  #commitDecided(
    path: StreamPath,
    batch: readonly QueuedWrite[],
    attempt: number,
    loaded: LoadedStream | null,
    decided: DecidedBatch,
    change: StreamChange,
  ): MaybePromise<readonly unknown[]> {
    return this.#committer.commit(path, loaded?.version ?? null, change, (conclusion) => {
      if (conclusion.kind === 'conflict') return this.#commitBatch(path, batch, attempt + 1)
      if (change.record !== null && change.record.tail !== (loaded?.record.tail ?? 0)) this.#onGrown?.(path)
      const { tail } = conclusion
      if (tail === undefined || change.record === null) return decided.outcomes
      return moveOutcomes(batch, decided.outcomes, tail - change.record.tail)
    })
  }

  /** Tells writes their outcomes; those that have none yet go back to the front of the queue. */
  #settle(queue: StreamQueue, batch: QueuedWrite[], outcomes: readonly unknown[]): void {
    if (outcomes.length < batch.length) queue.waiting.unshift(...batch.splice(outcomes.length))
    for (let i = 0; i < batch.length; i++) {
      const { write, outcome } = batch[i]!
      this.#queuedBytes -= write.byteLength
      outcome.resolve(outcomes[i])
    }
  }

  #refuse(batch: readonly QueuedWrite[], fault: StreamFault): void {
    for (const { write, outcome } of batch) {
      this.#queuedBytes -= write.byteLength
      outcome.reject(fault)
    }
  }
}

/** What writes are told whose commit went behind bytes that were not known when they were decided. */
function moveOutcomes(
  batch: readonly QueuedWrite[],
  outcomes: readonly unknown[],
  byBytes: number,
): readonly unknown[] {
  return outcomes.map((outcome, i) => batch[i]!.write.move?.(outcome, byBytes) ?? outcome)
}

function collectKeys(batch: readonly QueuedWrite[]): readonly string[] {
  if (batch.length === 1) return batch[0]!.write.entryKeys
  const keys = new Set<string>()
  for (const { write } of batch) for (const key of write.entryKeys) keys.add(key)
  return [...keys]
}
