import type { Answer, RequestSpec, Requester } from './requester.js'
import { AbortedError } from '../errors/durable-stream-error.js'
import type { BackoffOptions } from './backoff.js'
import type { Clock } from '../environment/clock.js'
import { Exchange } from './exchange.js'
import { Recovery } from './recovery.js'
import type { StreamErrorHandler } from './recovery.js'
import { errorFromResponse } from '../errors/fetch-error.js'

/** What single requests need besides themselves. */
export interface OneShotContext {
  readonly requester: Requester
  readonly clock: Clock
  readonly backoff: BackoffOptions
  readonly onError: StreamErrorHandler | undefined
}

export interface OneShotOptions {
  readonly signal: AbortSignal
  /** Whether the request may be sent again when it is not known what became of it. */
  readonly repeatable: boolean
  /** Retries of failures that pass, if the back-off does not say. */
  readonly maxRetries: number
  /** Whether an error answer is fine nevertheless. */
  readonly accept?: (answer: Answer, isRetry: boolean) => boolean
  /** Told of each failed attempt. */
  readonly onFailure?: (error: Error) => void
}

/** Milliseconds without an answer after which a request is given up. */
const IDLE_MS = 90_000
/** The slowest upload that is waited for, in bytes per millisecond. */
const SLOWEST_UPLOAD = 16
/** Answers to writes have small bodies, if any. */
const MAX_ANSWER_BYTES = 1_048_576

/** Sends a request until it is answered well; rejects with what ends that. The answer's body is read already. */
export async function sendUntilAnswered(
  context: OneShotContext,
  spec: RequestSpec,
  options: OneShotOptions,
): Promise<Answer> {
  const recovery = new Recovery({ ...context, maxRetries: options.maxRetries })
  for (let isRetry = false; ; isRetry = true) {
    try {
      return await sendOnce(context, spec, options, isRetry)
    } catch (error) {
      if (options.signal.aborted) throw new AbortedError(options.signal.reason)
      options.onFailure?.(error as Error)
      await recovery.recover(error as Error, options.signal, options.repeatable)
    }
  }
}

/** One attempt: an answer that is fine, or an error that tells what it was. */
export async function sendOnce(
  context: Pick<OneShotContext, 'requester' | 'clock'>,
  spec: RequestSpec,
  options: Pick<OneShotOptions, 'signal' | 'accept'>,
  isRetry: boolean,
): Promise<Answer> {
  const { signal } = options
  const size = spec.body instanceof Uint8Array ? spec.body.length : 0
  const idleMs = IDLE_MS + size / SLOWEST_UPLOAD
  const exchange = Exchange.create({ clock: context.clock, idleMs, maxBytes: MAX_ANSWER_BYTES })
  const abort = (): void => exchange.giveUp('aborted')
  if (signal.aborted) throw new AbortedError(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    await exchange.open(context.requester, spec)
    const response = await exchange.detach()
    const answer = { response, url: exchange.url }
    if (response.ok || options.accept?.(answer, isRetry) === true) return answer
    throw await errorFromResponse(response, exchange.url, spec.method)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
