import { DurableStreamError, streamError } from '../errors/durable-stream-error.js'

/** The error of what waited behind a failure: of the same code, with that failure as its cause. */
export function notSent(cause: Error): DurableStreamError {
  const code = cause instanceof DurableStreamError ? cause.code : 'UNKNOWN'
  return streamError(code, `not appended for certain, as the producer has halted: ${cause.message}`, {
    cause,
  })
}
