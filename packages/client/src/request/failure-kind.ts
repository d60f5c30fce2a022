import { DurableStreamError } from '../errors/durable-stream-error.js'

/**
 * `transient`: trying again may help, for as long as it takes. `corrupt`: what came is no answer to the question;
 * a few more tries, as it may have been an accident on the way. `stale`: an earlier answer; more tries, until what a
 * cache holds is too old. `final`: asking the same again is pointless.
 */
export type FailureKind = 'transient' | 'corrupt' | 'stale' | 'final'

export function failureKind(error: Error): FailureKind {
  if (!(error instanceof DurableStreamError)) return 'final'
  switch (error.code) {
    case 'NETWORK':
    case 'TIMEOUT':
    case 'BUSY':
    case 'RATE_LIMITED':
      return 'transient'
    case 'STALE_RESPONSE':
      return 'stale'
    case 'SERVER_ERROR':
      return error.status === 501 || error.status === 505 ? 'final' : 'transient'
    case 'PROTOCOL_ERROR':
    case 'PARSE_ERROR':
      return 'corrupt'
    default:
      return error.status === 425 ? 'transient' : 'final'
  }
}

/**
 * Whether a write that failed in this way has certainly not happened, so that it may be sent again although it
 * carries nothing by which the server would recognise it.
 */
export function isCertainlyUndone(error: Error): boolean {
  if (!(error instanceof DurableStreamError)) return false
  if (error.code === 'RATE_LIMITED') return true
  return error.code === 'BUSY' && error.serverCode !== undefined && error.serverCode !== 'OUTCOME_UNKNOWN'
}
