import {
  STREAM_CLOSED_HEADER,
  STREAM_EXPIRES_AT_HEADER,
  STREAM_OFFSET_HEADER,
  STREAM_TTL_HEADER,
} from '../constants.js'
import type { Offset } from '../read/read-plan.js'

/** What a stream is like at the moment. @see PROTOCOL §5.5 */
export interface HeadResultExists {
  readonly exists: true
  readonly contentType?: string
  /** Where the stream ends: reading from here gives only what comes later. */
  readonly offset?: Offset
  readonly etag?: string
  readonly cacheControl?: string
  /** True if nothing can be appended any more. */
  readonly streamClosed: boolean
  /** The sliding time to live, in seconds. */
  readonly ttlSeconds?: number
  /** When the stream expires, as an RFC 3339 timestamp. */
  readonly expiresAt?: string
}

/** No stream is there, or (`gone`) only the memory of one that was deleted while forks still read it. */
export interface HeadResultNotFound {
  readonly exists: false
  readonly gone?: true
  readonly contentType?: undefined
  readonly offset?: undefined
  readonly streamClosed?: undefined
}

export type HeadResult = HeadResultExists | HeadResultNotFound

export function readHeadResult({ status, headers }: Response): HeadResult {
  if (status === 410) return { exists: false, gone: true }
  if (status === 404) return { exists: false }
  const ttl = headers.get(STREAM_TTL_HEADER)
  const named = {
    contentType: headers.get('content-type'),
    offset: headers.get(STREAM_OFFSET_HEADER),
    etag: headers.get('etag'),
    cacheControl: headers.get('cache-control'),
    expiresAt: headers.get(STREAM_EXPIRES_AT_HEADER),
  }
  const known = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== null))
  return {
    exists: true,
    streamClosed: headers.get(STREAM_CLOSED_HEADER)?.toLowerCase() === 'true',
    ...(known as Partial<HeadResultExists>),
    ...(ttl === null ? {} : { ttlSeconds: Number(ttl) }),
  }
}
