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

/** Adds to replies what every one of them carries: browser security headers, and who may read it. */
export class CommonHeaders {
  readonly #cors: CorsOption

  constructor(cors: CorsOption) {
    this.#cors = cors
  }

  /** Only what a request reads can be embedded in a page, so only that says who may embed it. @see PROTOCOL §12.7 */
  addTo(reply: HttpReply, request: HttpRequest): HttpReply {
    const { headers } = reply
    const isRead = !isWrite(request.method)
    headers.push('x-content-type-options', 'nosniff')
    if (isRead) headers.push('cross-origin-resource-policy', 'cross-origin')
    if (this.#cors !== false) addCors(headers, this.#cors, request.header('origin'), isRead)
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
}

function addCors(
  headers: string[],
  cors: Exclude<CorsOption, false>,
  origin: string | undefined,
  isRead: boolean,
): void {
  if (cors === '*') {
    // Caches may give what a page or a script has read to the other, so every read says who may see it.
    if (origin !== undefined || isRead) headers.push(...FOR_EVERYBODY)
    return
  }
  headers.push('vary', 'origin')
  if (origin === undefined || !cors.includes(origin)) return
  headers.push('access-control-allow-origin', origin, 'access-control-allow-credentials', 'true')
  headers.push('access-control-expose-headers', RESPONSE_HEADERS)
}

const FOR_EVERYBODY: readonly string[] = [
  'access-control-allow-origin',
  '*',
  'access-control-expose-headers',
  RESPONSE_HEADERS,
]

function isWrite(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'DELETE'
}
