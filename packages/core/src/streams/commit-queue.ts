import type { BatchOwner } from './batch.js'
import type { Conclusion } from './committer.js'
import type { DecidedBatch } from './change-batch.js'
import type { Environment, StreamLimits } from './environment.js'
import type { LoadedStream, StreamStore } from '../store/contract.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamWriter, Write } from './stream-writer.js'
import { Batch } from './batch.js'
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
export interface StreamQueue {
  readonly path: StreamPath
  waiting: QueuedWrite[]
  /** Whether a write is waiting or in flight. */
  isBusy: boolean
  /** Whether a batch was taken from it that has not ended. */
  isCommitting: boolean
  /** Whether somebody is taking batches from it, and sees for himself when one has ended. */
  isDraining: boolean
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
export class CommitQueue implements BatchOwner, StreamWriter {
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
      (this.#queuedBytes > 0 && this.#queuedBytes + write.byteLength > this.#limits.maxQueuedBytes)
    ) {
      throw new StreamFault('overloaded', 'too many writes are waiting')
    }
    this.#queuedBytes += write.byteLength
    const outcome = new Later<Outcome>()
    const queued: QueuedWrite = { write, outcome }
    if (queue === undefined) this.#drainSoon(newQueue(path, queued))
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

  /** Begins commits until one of them has to be waited for. */
  #drain(queue: StreamQueue): void {
    queue.isDraining = true
    while (!queue.isCommitting && queue.waiting.length > 0)
      this.#commitBatch(new Batch(this, this.#committer, queue, this.#takeWrites(queue)))
    queue.isDraining = false
    if (queue.isCommitting) return
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

  #takeWrites(queue: StreamQueue): QueuedWrite[] {
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

  #commitBatch(batch: Batch): void {
    const { queue, writes } = batch
    const { path } = queue
    queue.isCommitting = true
    try {
      if (++batch.attempts > MAX_ATTEMPTS) {
        throw new StreamFault('contended', `${MAX_ATTEMPTS} attempts met other writers`)
      }
      const entryKeys = collectKeys(writes)
      const recalled = this.#store.recall?.(path, entryKeys)
      if (recalled !== undefined) {
        const { change, outcomes } = this.#decide(batch, recalled)
        // Without a commit nothing proves that what is recalled is still so.
        if (change !== null) {
          batch.commit(this.#store, recalled, change, outcomes)
          return
        }
      }
      const loaded = this.#store.load(path, entryKeys)
      if (!isPromise(loaded)) this.#commitLoaded(batch, loaded)
      else {
        loaded
          .then((found) => this.#commitLoaded(batch, found))
          .then(null, (error: unknown) => this.onFailed(batch, error))
      }
    } catch (error) {
      this.onFailed(batch, error)
    }
  }

  #decide({ writes }: Batch, loaded: LoadedStream | null): DecidedBatch {
    return decideBatch(writes, loaded, this.#environment.now(), this.#committer.newCommitId())
  }

  #commitLoaded(batch: Batch, loaded: LoadedStream | null): void {
    const { change, outcomes, touches } = this.#decide(batch, loaded)
    if (change !== null) batch.commit(this.#store, loaded, change, outcomes)
    else if (!touches || loaded === null) this.#settle(batch, outcomes)
    else {
      void this.#committer
        .touch(batch.queue.path, loaded, this.#environment.now())
        .then(() => this.#settle(batch, outcomes))
    }
  }

  onConcluded(batch: Batch, conclusion: Conclusion): void {
    if (conclusion.kind === 'conflict') {
      this.#commitBatch(batch)
      return
    }
    let outcomes: readonly unknown[]
    try {
      const { growth } = batch
      if (growth !== null && growth !== 0) this.#onGrown?.(batch.queue.path)
      outcomes = moveOutcomes(batch, batch.movedBy(conclusion))
    } catch (error) {
      this.onFailed(batch, error)
      return
    }
    this.#settle(batch, outcomes)
  }

  onFailed({ queue, writes }: Batch, error: unknown): void {
    const fault = asFault(error)
    for (const { write, outcome } of writes) {
      this.#queuedBytes -= write.byteLength
      outcome.reject(fault)
    }
    this.#goOn(queue)
  }

  /** Tells writes their outcomes; those that have none yet go back to the front of the queue. */
  #settle({ queue, writes }: Batch, outcomes: readonly unknown[]): void {
    if (outcomes.length < writes.length) queue.waiting.unshift(...writes.splice(outcomes.length))
    for (let i = 0; i < writes.length; i++) {
      const { write, outcome } = writes[i]!
      this.#queuedBytes -= write.byteLength
      outcome.resolve(outcomes[i])
    }
    this.#goOn(queue)
  }

  #goOn(queue: StreamQueue): void {
    queue.isCommitting = false
    if (!queue.isDraining) this.#drain(queue)
  }
}

/** What writes are told whose commit went behind bytes that were not known when they were decided. */
function moveOutcomes({ writes, outcomes }: Batch, byBytes: number): readonly unknown[] {
  if (byBytes === 0) return outcomes
  return outcomes.map((outcome, i) => writes[i]!.write.move?.(outcome, byBytes) ?? outcome)
}

function newQueue(path: StreamPath, first: QueuedWrite): StreamQueue {
  return { path, waiting: [first], isBusy: false, isCommitting: false, isDraining: false }
}

function collectKeys(batch: readonly QueuedWrite[]): readonly string[] {
  if (batch.length === 1) return batch[0]!.write.entryKeys
  const keys = new Set<string>()
  for (const { write } of batch) for (const key of write.entryKeys) keys.add(key)
  return [...keys]
}
