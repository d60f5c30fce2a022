import type { DurableStreamErrorCode } from './error-codes.js'

/** What an error knows besides its message and code. */
export interface ErrorContext {
  /** The HTTP status; left out when there was no answer. */
  readonly status?: number | undefined
  /** Whatever else was learned, such as the body of the answer. */
  readonly details?: unknown
  /** The URL of the request. */
  readonly url?: string | undefined
  /** The server's own error code (`error.code` of its body). */
  readonly serverCode?: string | undefined
  readonly cause?: unknown
}

/** The batch of a producer, or the appends of one request, that an error is about. */
export interface FailedBatch {
  /** How many appends it carried. */
  readonly messages: number
  readonly bytes: number
  readonly producerId?: string
  readonly epoch?: number
  readonly seq?: number
}

/** Every error of this client is one of these. `code` is stable and meant for programs. */
export class DurableStreamError extends Error {
  code: DurableStreamErrorCode
  declare status?: number
  declare details?: unknown
  /** The URL of the request that failed. */
  declare url?: string
  /** The server's own error code, if its answer had one. */
  declare serverCode?: string
  /** What was not written, if it was a write that failed. */
  declare batch?: FailedBatch

  constructor(message: string, code: DurableStreamErrorCode, status?: number, details?: unknown) {
    super(message)
    this.name = 'DurableStreamError'
    this.code = code
    if (status !== undefined) this.status = status
    if (details !== undefined) this.details = details
  }
}

/** An error with everything that is known about it. */
export function streamError(
  code: DurableStreamErrorCode,
  message: string,
  context: ErrorContext = {},
): DurableStreamError {
  const error = new DurableStreamError(message, code, context.status, context.details)
  if (context.url !== undefined) error.url = context.url
  if (context.serverCode !== undefined) error.serverCode = context.serverCode
  if (context.cause !== undefined) error.cause = context.cause
  return error
}

/** The stream is closed: nothing can be appended any more. @see PROTOCOL §5.2 */
export class StreamClosedError extends DurableStreamError {
  readonly streamClosed = true as const
  /** Where the stream ends, if the server told. */
  declare readonly finalOffset?: string
  declare readonly code: 'STREAM_CLOSED'
  declare readonly status: 409

  constructor(url?: string, finalOffset?: string) {
    super(`the stream${url === undefined ? '' : ` ${url}`} is closed`, 'STREAM_CLOSED', 409)
    this.name = 'StreamClosedError'
    if (url !== undefined) this.url = url
    if (finalOffset !== undefined) this.finalOffset = finalOffset
  }
}

/** A newer session of the producer has taken over: this one writes nothing any more. @see PROTOCOL §5.2.1 */
export class StaleEpochError extends DurableStreamError {
  /** The epoch that the server knows. */
  readonly currentEpoch: number

  /** @param isReused the epoch is the producer's own, but an earlier producer of its name has used it */
  constructor(currentEpoch: number, isReused = false) {
    const why = isReused
      ? `epoch ${currentEpoch} was used before by a producer of this name: begin with a higher one, keep the state, or use autoClaim`
      : `the producer was fenced: it is in epoch ${currentEpoch} by now`
    super(why, 'STALE_EPOCH', 403)
    this.name = 'StaleEpochError'
    this.currentEpoch = currentEpoch
  }
}

/** The server has not seen a batch that it confirmed, or that came before this one. @see PROTOCOL §5.2.1 */
export class SequenceGapError extends DurableStreamError {
  readonly expectedSeq: number
  readonly receivedSeq: number

  constructor(expectedSeq: number, receivedSeq: number) {
    super(
      `the server expects batch ${expectedSeq} of the producer, and got ${receivedSeq}`,
      'SEQUENCE_GAP',
      409,
    )
    this.name = 'SequenceGapError'
    this.expectedSeq = expectedSeq
    this.receivedSeq = receivedSeq
  }
}

/** A stream needs a URL. */
export class MissingStreamUrlError extends DurableStreamError {
  constructor() {
    super('a stream needs the option url: a string or a URL', 'MISSING_URL')
    this.name = 'MissingStreamUrlError'
  }
}

/** The option `signal` is no AbortSignal. */
export class InvalidSignalError extends DurableStreamError {
  constructor() {
    super('the option signal is no AbortSignal', 'INVALID_SIGNAL')
    this.name = 'InvalidSignalError'
  }
}

/** The caller gave up: by `cancel()` or by its signal. `cause` is the reason. */
export class AbortedError extends DurableStreamError {
  constructor(reason?: unknown) {
    super('aborted by the caller', 'ABORTED')
    this.name = 'AbortError'
    if (reason !== undefined) this.cause = reason
  }
}

/** The caller gave up while a request waited to be tried again. */
export class FetchBackoffAbortError extends AbortedError {
  constructor(reason?: unknown) {
    super(reason)
    this.name = 'FetchBackoffAbortError'
    this.message = 'aborted by the caller while waiting to try again'
  }
}
