import {
  STREAM_CLOSED_HEADER,
  STREAM_EXPIRES_AT_HEADER,
  STREAM_FORKED_FROM_HEADER,
  STREAM_FORK_OFFSET_HEADER,
  STREAM_FORK_SUB_OFFSET_HEADER,
  STREAM_TTL_HEADER,
} from '../constants.js'
import type { Offset } from '../read/read-plan.js'
import type { RequestSpec } from '../request/requester.js'
import type { StreamHandleOptions } from './handle-core.js'

/** What a new stream is to be. */
export interface StreamConfiguration {
  /** The stream's content type; the server's default is `application/octet-stream`, a fork's its source's. */
  contentType?: string
  /** Seconds without a read or write after which the stream is gone. Not together with `expiresAt`. */
  ttlSeconds?: number
  /** When the stream is gone, as an RFC 3339 timestamp. */
  expiresAt?: string
  /** The first content, sent as it stands; on JSON streams an array is several messages. */
  body?: BodyInit | Uint8Array | string
  /** Creates the stream closed: `body` is all of it. */
  closed?: boolean
  /** The path of the stream to fork from, such as `/v1/stream/source`. @see PROTOCOL §4.2 */
  forkedFrom?: string
  /** Where the fork leaves its source; without it at the source's end. */
  forkOffset?: Offset
  /** How many messages (JSON) or bytes past `forkOffset` the fork has as well. */
  forkSubOffset?: number
}

/** Options of `create`. */
export interface CreateOptions extends StreamHandleOptions, StreamConfiguration {
  contentType?: string
}

/** The request that creates a stream. @see PROTOCOL §5.1 */
export function createRequest(configuration: StreamConfiguration): RequestSpec {
  const { contentType, ttlSeconds, expiresAt, closed, forkedFrom, forkOffset, forkSubOffset, body } =
    configuration
  const headers: Record<string, string> = {}
  if (contentType !== undefined) headers['Content-Type'] = contentType
  if (ttlSeconds !== undefined) headers[STREAM_TTL_HEADER] = String(ttlSeconds)
  if (expiresAt !== undefined) headers[STREAM_EXPIRES_AT_HEADER] = expiresAt
  if (closed === true) headers[STREAM_CLOSED_HEADER] = 'true'
  if (forkedFrom !== undefined) headers[STREAM_FORKED_FROM_HEADER] = forkedFrom
  if (forkOffset !== undefined) headers[STREAM_FORK_OFFSET_HEADER] = forkOffset
  if (forkSubOffset !== undefined) headers[STREAM_FORK_SUB_OFFSET_HEADER] = String(forkSubOffset)
  return { method: 'PUT', headers, body: body as BodyInit | undefined }
}
