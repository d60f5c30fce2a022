/** What went wrong, in a form for programs. The codes are stable; the messages are for people. */
export type DurableStreamErrorCode =
  // The server refused the request.
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  /** The stream was deleted, or the offset is before what is kept. */
  | 'GONE'
  | 'CONFLICT'
  /** `Stream-Seq` was not greater than the last one. */
  | 'CONFLICT_SEQ'
  /** A stream with another configuration exists at this URL. */
  | 'CONFLICT_EXISTS'
  | 'CONTENT_TYPE_MISMATCH'
  | 'STREAM_CLOSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'STALE_EPOCH'
  | 'SEQUENCE_GAP'
  | 'SSE_NOT_SUPPORTED'
  // The server or the way to it failed.
  /** 503. */
  | 'BUSY'
  /** Any other 5xx. */
  | 'SERVER_ERROR'
  /** No answer: the connection failed. Whether a write had an effect is not known. */
  | 'NETWORK'
  /** No byte came for too long, or the device slept. */
  | 'TIMEOUT'
  /** An answer that the protocol does not allow. */
  | 'PROTOCOL_ERROR'
  /** An answer that repeats an earlier one, as caches do that leave out the query. */
  | 'STALE_RESPONSE'
  /** What should be JSON is not. */
  | 'PARSE_ERROR'
  // The caller.
  /** The body of a response was already taken by another method. */
  | 'ALREADY_CONSUMED'
  /** The producer was closed or detached. */
  | 'ALREADY_CLOSED'
  | 'ABORTED'
  /** More is waiting to be sent, or was received at once, than the configured bound allows. */
  | 'BUFFER_FULL'
  | 'MISSING_URL'
  | 'INVALID_SIGNAL'
  | 'INVALID_OPTION'
  /** The storage for offsets or producer states failed. */
  | 'STORAGE_FAILED'
  | 'UNKNOWN'

/** The code for a status that nothing else tells more about. */
export function codeOfStatus(status: number): DurableStreamErrorCode {
  switch (status) {
    case 0:
      return 'NETWORK'
    case 400:
      return 'BAD_REQUEST'
    case 401:
      return 'UNAUTHORIZED'
    case 403:
      return 'FORBIDDEN'
    case 404:
      return 'NOT_FOUND'
    case 408:
      return 'TIMEOUT'
    case 409:
      return 'CONFLICT'
    case 410:
      return 'GONE'
    case 413:
      return 'PAYLOAD_TOO_LARGE'
    case 429:
      return 'RATE_LIMITED'
    case 503:
      return 'BUSY'
    default:
      return status >= 500 ? 'SERVER_ERROR' : 'UNKNOWN'
  }
}
