import { DurableStreamError, FetchBackoffAbortError, streamError } from '../errors/durable-stream-error.js'
import type { RetryOpts } from './requester.js'
import { backoffDelay, parseRetryAfter } from './backoff.js'
import type { BackoffOptions } from './backoff.js'
import type { Clock } from '../environment/clock.js'
import { FetchError } from '../errors/fetch-error.js'
import type { MaybePromise } from './dynamic-values.js'
import type { Requester } from './requester.js'
import { failureKind, isCertainlyUndone } from './failure-kind.js'
import { waitFor } from '../environment/clock.js'

/**
 * Called, at any time of a read or write, with an error that ends it: one that asking again does not heal, or the
 * last of too many. Returning an object has the request tried again, with the headers and parameters that it holds
 * merged with the others (`{}` changes nothing); returning nothing lets the error end the read or write.
 * Failures that pass by themselves (no connection, 5xx, 429) are retried without asking.
 */
// `void` is what a handler that only looks at errors returns.
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type
export type StreamErrorHandler = (error: Error) => MaybePromise<RetryOpts | void | undefined>

/** Retries of a request that somebody waits for, if the back-off does not say: about three seconds. */
export const WAITED_FOR_RETRIES = 5
/**
 * Failures of a kind in a row, before they count as final: stale answers are waited for about two minutes, which is
 * longer than caches keep what a server has sent.
 */
const MAX_IN_A_ROW = { transient: Infinity, corrupt: 3, stale: 12, final: 0 } as const
/** How often in a row a refused token is replaced by one that header functions give. */
const MAX_RENEWALS = 2

export interface RecoveryOptions {
  readonly requester: Requester
  readonly clock: Clock
  readonly backoff: BackoffOptions
  /** Retries of failures that pass, if the back-off does not say. */
  readonly maxRetries: number
  readonly onError: StreamErrorHandler | undefined
}

/** Decides after each failure whether, when and with which headers to go on. */
export class Recovery {
  readonly #options: RecoveryOptions
  #failures = 0
  /** Answers in a row that were none. */
  #wrong = 0
  #renewals = 0
  #handled = 0
  #hurry: (() => void) | null = null
  #maxRetries: number

  constructor(options: RecoveryOptions) {
    this.#options = options
    this.#maxRetries = options.backoff.maxRetries ?? options.maxRetries
  }

  /** From now on nobody waits at the door: failures that pass are survived for as long as they last. */
  becomePatient(): void {
    this.#maxRetries = this.#options.backoff.maxRetries ?? Infinity
    this.progressed()
  }

  /** Something went well: counting starts again. */
  progressed(): void {
    this.#failures = this.#wrong = this.#renewals = this.#handled = 0
  }

  /** Ends a wait that no server has asked for: the network or the user came back. */
  hurry(): void {
    this.#hurry?.()
  }

  /**
   * Resolves when the request should be tried again; throws the error if it should not. A request that is not
   * repeatable is sent again only if the error shows that it had no effect.
   */
  async recover(error: Error, signal: AbortSignal, repeatable = true): Promise<void> {
    const { backoff } = this.#options
    const kind = repeatable || isCertainlyUndone(error) ? failureKind(error) : 'final'
    backoff.onFailedAttempt?.()
    if (backoff.debug === true) console.debug('durable stream:', error.message)
    if (kind !== 'transient') this.#wrong++
    const mayRetry = this.#wrong <= MAX_IN_A_ROW[kind]
    if (mayRetry && this.#failures < this.#maxRetries)
      return this.#pause(++this.#failures, retryAfterOf(error, this.#options.clock), signal)
    if (await this.#hasNewToken(error)) return
    await this.#consult(error, signal)
  }

  /** A token may have expired between two requests while the header function has a newer one already. */
  async #hasNewToken(error: Error): Promise<boolean> {
    if (!(error instanceof DurableStreamError)) return false
    if (error.code !== 'UNAUTHORIZED' && error.code !== 'FORBIDDEN') return false
    if (this.#renewals >= MAX_RENEWALS) return false
    this.#renewals++
    return this.#options.requester.haveHeadersChanged()
  }

  async #consult(error: Error, signal: AbortSignal): Promise<void> {
    const retry = await this.#options.onError?.(error)
    if (retry === undefined) throw error
    // Also thrown for what callers without types return, null above all.
    if (typeof retry !== 'object' || (retry as unknown) === null) {
      throw streamError('INVALID_OPTION', 'onError must return an object, or nothing', { cause: error })
    }
    this.#options.requester.override(retry)
    this.#wrong = 0
    // The first retry is immediate; a handler that returns {} whatever happens must not become a busy loop.
    if (this.#handled++ > 0)
      await this.#pause(this.#handled - 1, retryAfterOf(error, this.#options.clock), signal)
  }

  async #pause(attempt: number, retryAfterMs: number, signal: AbortSignal): Promise<void> {
    const { clock, backoff } = this.#options
    const delayMs = Math.max(backoffDelay(attempt, backoff, clock), retryAfterMs)
    if (retryAfterMs > 0) return waitFor(clock, delayMs, signal)
    const early = new AbortController()
    const stop = (): void => early.abort()
    signal.addEventListener('abort', stop)
    this.#hurry = stop
    try {
      await waitFor(clock, delayMs, early.signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof FetchBackoffAbortError)) throw error
    } finally {
      this.#hurry = null
      signal.removeEventListener('abort', stop)
    }
  }
}

function retryAfterOf(error: Error, clock: Clock): number {
  return error instanceof FetchError ? parseRetryAfter(error.headers['retry-after'], clock.now()) : 0
}
