import type { Decision, StreamState } from '../decide/stream-state.js'
import type { Environment, StreamFaultCode, StreamLimits } from './environment.js'
import type { CommitResult, LoadedStream, StreamChange, StreamStore, Version } from '../store/contract.js'
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
  readonly #commitPrefix: string
  #commits = 0
  #queuedBytes = 0
  #idle: (() => void)[] = []

  constructor(store: StreamStore, environment: Environment, limits: StreamLimits) {
    this.#store = store
    this.#environment = environment
    this.#limits = limits
    this.#commitPrefix = environment.newStreamId()
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
      // Requests that arrive in the same turn of the event loop share the commit, and their answers go out in one
      // burst, which costs the kernel far fewer wake-ups than answers one by one.
      this.#environment.defer(() => void this.#drain(path, queue))
    })
  }

  /** Resolves when no write is waiting or in flight. */
  async whenIdle(): Promise<void> {
    if (this.#queues.size === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #drain(path: StreamPath, queue: QueuedWrite[]): Promise<void> {
    while (queue.length > 0) {
      const batch = this.#takeBatch(queue)
      try {
        const left = await this.#commitBatch(path, batch)
        queue.unshift(...left)
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
  async #commitBatch(path: StreamPath, batch: readonly QueuedWrite[]): Promise<QueuedWrite[]> {
    const entryKeys = batch.length === 1 ? batch[0]!.write.entryKeys : collectKeys(batch)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const loaded = await this.#store.load(path, entryKeys)
      const changes = new ChangeBatch(loaded, this.#environment.now())
      const decided = changes.decide(batch)
      const change = changes.toStreamChange(`${this.#commitPrefix}${++this.#commits}`)
      const isDone =
        change === null ? await this.#touch(path, changes) : await this.#commit(path, loaded, change)
      if (isDone) {
        this.#settle(batch, decided)
        return batch.slice(decided.length)
      }
    }
    throw new StreamFault('contended', `${MAX_ATTEMPTS} attempts met other writers`)
  }

  async #touch(path: StreamPath, changes: ChangeBatch): Promise<true> {
    if (changes.touches) await this.#store.touch(path, changes.now)
    return true
  }

  /** True when the change is committed, false when the stream has moved on and must be decided anew. */
  async #commit(path: StreamPath, loaded: LoadedStream | null, change: StreamChange): Promise<boolean> {
    const expected = loaded?.version ?? null
    let result = await this.#tryCommit(path, expected, change)
    if (result.kind === 'conflict') return false
    for (let attempt = 1; result.kind !== 'committed'; attempt++) {
      // The same change with the same expectation cannot happen twice, so it may be repeated while the stream has
      // not moved. A conflict now may be our own commit with others on top of it, which nobody can tell.
      const found = await this.#loadAfter(result, path)
      if (found?.commitId === change.commitId) return true
      if ((found?.version ?? null) !== expected || attempt === MAX_ATTEMPTS) throw outcomeUnknown(result)
      result = await this.#tryCommit(path, expected, change)
    }
    return true
  }

  async #tryCommit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    try {
      return await this.#store.commit(path, expected, change)
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      return { kind: 'unknown', cause }
    }
  }

  async #loadAfter(result: CommitResult, path: StreamPath): Promise<LoadedStream | null> {
    try {
      return await this.#store.load(path, [])
    } catch {
      throw outcomeUnknown(result)
    }
  }

  #settle(batch: readonly QueuedWrite[], outcomes: readonly unknown[]): void {
    for (let i = 0; i < outcomes.length; i++) {
      const { write, resolve } = batch[i]!
      this.#queuedBytes -= write.byteLength
      resolve(outcomes[i])
    }
  }
}

function outcomeUnknown(result: CommitResult): StreamFault {
  const cause = result.kind === 'unknown' ? result.cause : undefined
  return new StreamFault('outcome-unknown', 'it is not known whether the change was committed', { cause })
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
