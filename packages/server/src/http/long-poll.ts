import type {
  Environment,
  LiveBatch,
  LiveEnd,
  LiveRead,
  LiveReader,
  OffsetRequest,
  StreamEngine,
  StreamPath,
} from '@ds/core'
import type { ReadRefusal } from '@ds/core'

/** How a wait for data ended. */
export type WaitOutcome =
  /** Data or closure: what there is now can be read. */
  | { readonly kind: 'batch'; readonly batch: LiveBatch }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed' }
  /** The stream is gone; a read tells how. */
  | { readonly kind: 'deleted' }
  /** Nobody waits any more. */
  | { readonly kind: 'cancelled' }
  | ReadRefusal

/** A wait, and how to give it up. */
export interface Wait {
  readonly outcome: Promise<WaitOutcome>
  cancel(): void
}

/** Waits until a stream has something after an offset, is closed or deleted, or time is up. @see PROTOCOL §5.7 */
export function waitForData(
  engine: StreamEngine,
  environment: Environment,
  path: StreamPath,
  offset: OffsetRequest,
  timeoutMs: number,
): Wait {
  const waiter = new Waiter()
  const cancelTimer = environment.schedule(timeoutMs, () => waiter.settle({ kind: 'timeout' }))
  engine.follow(path, offset, waiter).then(
    (outcome) => {
      if (outcome.kind === 'following') waiter.attach(outcome.live)
      else waiter.settle(outcome)
    },
    (error: unknown) => waiter.fail(error),
  )
  return {
    outcome: waiter.outcome.finally(cancelTimer),
    cancel: () => waiter.settle({ kind: 'cancelled' }),
  }
}

/** A live reader that is content with the first thing that happens. */
class Waiter implements LiveReader {
  readonly outcome: Promise<WaitOutcome>
  #resolve!: (outcome: WaitOutcome) => void
  #reject!: (error: unknown) => void
  #live: LiveRead | null = null
  #isSettled = false

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  attach(live: LiveRead): void {
    this.#live = live
    if (this.#isSettled) live.stop()
    else live.resume()
  }

  deliver(batch: LiveBatch): boolean {
    if (batch.to > batch.from || batch.closed) this.settle({ kind: 'batch', batch })
    return !this.#isSettled
  }

  end(reason: LiveEnd): void {
    if (reason !== 'closed') this.settle({ kind: reason })
  }

  settle(outcome: WaitOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#live?.stop()
    this.#resolve(outcome)
  }

  fail(error: unknown): void {
    this.#isSettled = true
    this.#reject(error)
  }
}
