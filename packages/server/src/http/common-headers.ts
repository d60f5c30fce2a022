import type { CorsOption } from './options.js'
import type { HttpReply, HttpRequest } from './exchange.js'
import { HEADER } from '@ds/core'

const METHODS = 'GET, HEAD, POST, PUT, DELETE, OPTIONS'
export const ALLOW: readonly string[] = ['allow', METHODS]

/** What browsers may send. @see PROTOCOL §13.2 */
const REQUEST_HEADERS = [
  'authorization',
  HEADER.contentType,
  'if-none-match',
  HEADER.streamTtl,
  HEADER.streamExpiresAt,
  HEADER.streamSeq,
  HEADER.streamClosed,
  HEADER.streamForkedFrom,
  HEADER.streamForkOffset,
  HEADER.streamForkSubOffset,
  HEADER.producerId,
  HEADER.producerEpoch,
  HEADER.producerSeq,
].join(', ')

/** What pages may see of a response. */
const RESPONSE_HEADERS = [
  HEADER.streamNextOffset,
  HEADER.streamCursor,
  HEADER.streamUpToDate,
  HEADER.streamClosed,
  HEADER.streamTtl,
  HEADER.streamExpiresAt,
  HEADER.sseDataEncoding,
  HEADER.producerEpoch,
  HEADER.producerSeq,
  HEADER.producerExpectedSeq,
  HEADER.producerReceivedSeq,
  'etag',
  'location',
  'retry-after',
].join(', ')

const PREFLIGHT_SECONDS = '86400'

/** @see PROTOCOL §12.7 */
const SECURITY: readonly string[] = ['x-content-type-options', 'nosniff', 'cross-origin-resource-policy', 'cross-origin']

/** Adds to replies what every one of them carries: browser security headers, and who may read it. */
export class CommonHeaders {
  readonly #cors: CorsOption

  constructor(cors: CorsOption) {
    this.#cors = cors
  }

  addTo(reply: HttpReply, request: HttpRequest): HttpReply {
    reply.headers.push(...SECURITY)
    if (this.#cors !== false) this.#addCors(reply.headers, this.#cors, request)
    return reply
  }

  /** Answers a preflight, and tells everybody else which methods there are. */
  preflight(): HttpReply {
    const allowed =
      this.#cors === false
        ? []
        : [
            'access-control-allow-methods',
            METHODS,
            'access-control-allow-headers',
            REQUEST_HEADERS,
            'access-control-max-age',
            PREFLIGHT_SECONDS,
          ]
    return { status: 204, headers: [...ALLOW, ...allowed], body: null }
  }

  #addCors(headers: string[], cors: Exclude<CorsOption, false>, request: HttpRequest): void {
    const origin = request.header('origin')
    if (cors === '*') {
      // Caches may give what a page or a script has read to the other, so every read says who may see it.
      if (origin !== undefined || !isNeverCached(request.method)) headers.push(...FOR_EVERYBODY)
      return
    }
    headers.push('vary', 'origin')
    if (origin === undefined || !cors.includes(origin)) return
    headers.push('access-control-allow-origin', origin, 'access-control-allow-credentials', 'true')
    headers.push('access-control-expose-headers', RESPONSE_HEADERS)
  }
}

const FOR_EVERYBODY: readonly string[] = [
  'access-control-allow-origin',
  '*',
  'access-control-expose-headers',
  RESPONSE_HEADERS,
]

function isNeverCached(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'DELETE'
}
