import type { HttpReply } from './exchange.js'

/** Every error the server answers with, and its status. The codes are stable; the messages are for people. */
export const ERROR_STATUS = {
  BAD_REQUEST: 400,
  INVALID_REQUEST: 400,
  WEBHOOK_URL_REJECTED: 400,
  INVALID_PATH: 400,
  INVALID_HOST: 400,
  INVALID_OFFSET: 400,
  MISSING_OFFSET: 400,
  INVALID_LIVE_MODE: 400,
  INVALID_CONTENT_TYPE: 400,
  MISSING_CONTENT_TYPE: 400,
  INVALID_TTL: 400,
  INVALID_EXPIRES_AT: 400,
  TTL_AND_EXPIRES_AT: 400,
  EMPTY_BODY: 400,
  EMPTY_ARRAY: 400,
  INVALID_JSON: 400,
  INVALID_STREAM_SEQ: 400,
  INVALID_PRODUCER: 400,
  INVALID_EPOCH_START: 400,
  INVALID_FORK_SOURCE: 400,
  INVALID_FORK_OFFSET: 400,
  INVALID_FORK_SUB_OFFSET: 400,
  FORK_TOO_DEEP: 400,
  UNAUTHORIZED: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  STALE_EPOCH: 403,
  NOT_FOUND: 404,
  STREAM_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  FORK_SOURCE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  STREAM_EXISTS: 409,
  STREAM_DELETED: 409,
  STREAM_CLOSED: 409,
  CONTENT_TYPE_MISMATCH: 409,
  SEQUENCE_GAP: 409,
  STREAM_SEQ_REGRESSION: 409,
  FORK_SOURCE_DELETED: 409,
  SUBSCRIPTION_ALREADY_EXISTS: 409,
  FENCED: 409,
  ALREADY_CLAIMED: 409,
  NO_PENDING_WORK: 409,
  STREAM_GONE: 410,
  OFFSET_GONE: 410,
  BODY_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_ENCODING: 415,
  TOO_MANY_PRODUCERS: 429,
  TOO_MANY_FORKS: 429,
  TOO_MANY_SUBSCRIPTIONS: 429,
  TOO_MANY_STREAMS: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  STORAGE_CORRUPT: 500,
  WEBHOOKS_UNSUPPORTED: 501,
  UNAVAILABLE: 503,
  OVERLOADED: 503,
  CONTENDED: 503,
  OUTCOME_UNKNOWN: 503,
  STORAGE_FULL: 507,
} as const

export type ErrorCode = keyof typeof ERROR_STATUS

/** Seconds after which a request that met a busy or absent server may be tried again. */
const RETRY_AFTER_SECONDS = '1'

/** What a request is refused with. Thrown while a request is parsed, so that parsing reads as a straight line. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly headers: readonly string[]
  constructor(code: ErrorCode, message: string, headers: readonly string[] = []) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.headers = headers
  }
}

const encoder = new TextEncoder()

/** An error response: `{"error":{"code":...,"message":...}}`. */
export function errorReply(code: ErrorCode, message: string, headers: readonly string[] = []): HttpReply {
  const status = ERROR_STATUS[code]
  const retry = status === 503 || status === 429 ? ['retry-after', RETRY_AFTER_SECONDS] : []
  return {
    status,
    headers: ['content-type', 'application/json', 'cache-control', 'no-store', ...retry, ...headers],
    body: [encoder.encode(JSON.stringify({ error: { code, message } }))],
  }
}

/** What was thrown, as what a promise may reject with. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
