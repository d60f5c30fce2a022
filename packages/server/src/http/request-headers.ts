import type { Expiry, ForkRequest, ProducerTuple } from '@ds/core'
import type { HandlerSettings } from './options.js'
import type { HttpRequest } from './exchange.js'
import {
  HEADER,
  parseContentType,
  parseDecimal,
  parseDigits,
  parseOffsetRequest,
  parseTimestamp,
  parseTtl,
} from '@ds/core'
import { Refusal } from './errors.js'
import { resolveStreamPath } from './target.js'

/** The longest producer id, `Stream-Seq` and content type, in characters. */
const MAX_TOKEN_LENGTH = 256
const VISIBLE_ASCII = /^[\x20-\x7e]+$/

/** The content type, null when there is none. */
export function readContentType(request: HttpRequest): string | null {
  const value = request.header(HEADER.contentType)
  if (value === undefined || value === '') return null
  const contentType = value.length > MAX_TOKEN_LENGTH ? null : parseContentType(value)
  if (contentType === null) throw new Refusal('INVALID_CONTENT_TYPE', 'content-type is no media type')
  return contentType
}

/** `true` in any letter case closes; every other value is as if it were absent. @see PROTOCOL §4.1 */
export function readClosed(request: HttpRequest): boolean {
  return request.header(HEADER.streamClosed)?.toLowerCase() === 'true'
}

/** The expiry of a creation, null when it names none. @see PROTOCOL §5.1 */
export function readExpiry(request: HttpRequest, nowMs: number): Expiry | null {
  const ttl = request.header(HEADER.streamTtl)
  const expiresAt = request.header(HEADER.streamExpiresAt)
  if (ttl !== undefined && expiresAt !== undefined) {
    throw new Refusal('TTL_AND_EXPIRES_AT', 'stream-ttl and stream-expires-at exclude each other')
  }
  if (ttl !== undefined) {
    const seconds = parseTtl(ttl)
    if (seconds === null)
      throw new Refusal('INVALID_TTL', 'stream-ttl is a whole number of seconds from 1 to 10^12')
    return { kind: 'ttl', seconds }
  }
  if (expiresAt === undefined) return null
  const atMs = parseTimestamp(expiresAt)
  if (atMs === null) throw new Refusal('INVALID_EXPIRES_AT', 'stream-expires-at is an RFC 3339 timestamp')
  if (atMs <= nowMs) throw new Refusal('INVALID_EXPIRES_AT', 'stream-expires-at has passed')
  return { kind: 'at', atMs }
}

/** The producer's attempt, null when the request is not idempotent. @see PROTOCOL §5.2.1 */
export function readProducer(request: HttpRequest): ProducerTuple | null {
  const id = request.header(HEADER.producerId)
  const epochText = request.header(HEADER.producerEpoch)
  const seqText = request.header(HEADER.producerSeq)
  if (id === undefined && epochText === undefined && seqText === undefined) return null
  if (id === undefined || epochText === undefined || seqText === undefined) {
    throw new Refusal('INVALID_PRODUCER', 'producer-id, producer-epoch and producer-seq go together')
  }
  if (id === '' || id.length > MAX_TOKEN_LENGTH) {
    throw new Refusal('INVALID_PRODUCER', `producer-id has 1 to ${MAX_TOKEN_LENGTH} characters`)
  }
  const epoch = parseDigits(epochText)
  const seq = parseDigits(seqText)
  if (epoch === null || seq === null) {
    throw new Refusal('INVALID_PRODUCER', 'producer-epoch and producer-seq are whole numbers up to 2^53-1')
  }
  return { id, epoch, seq }
}

/** The application's sequence number, null when there is none; its scope is the stream. @see PROTOCOL §5.2 */
export function readStreamSeq(request: HttpRequest): string | null {
  const value = request.header(HEADER.streamSeq)
  if (value === undefined) return null
  if (value.length > MAX_TOKEN_LENGTH || !VISIBLE_ASCII.test(value)) {
    throw new Refusal(
      'INVALID_STREAM_SEQ',
      `stream-seq has 1 to ${MAX_TOKEN_LENGTH} visible ASCII characters`,
    )
  }
  return value
}

/** From where a creation forks, null when it does not. @see PROTOCOL §4.2 */
export function readFork(request: HttpRequest, settings: HandlerSettings): ForkRequest | null {
  const from = request.header(HEADER.streamForkedFrom)
  const offsetText = request.header(HEADER.streamForkOffset)
  const subOffsetText = request.header(HEADER.streamForkSubOffset)
  if (from === undefined) {
    if (offsetText !== undefined)
      throw new Refusal('INVALID_FORK_OFFSET', 'a fork offset needs stream-forked-from')
    if (subOffsetText !== undefined) {
      throw new Refusal('INVALID_FORK_SUB_OFFSET', 'a fork sub-offset needs stream-forked-from')
    }
    return null
  }
  const source = resolveStreamPath(from, settings)
  if (source === null) {
    throw new Refusal('INVALID_FORK_SOURCE', `stream-forked-from is a path below ${settings.basePath}/`)
  }
  const offset = offsetText === undefined ? null : parseOffsetRequest(offsetText)
  if (offsetText !== undefined && offset === null) {
    throw new Refusal('INVALID_FORK_OFFSET', 'stream-fork-offset is no offset')
  }
  const subOffset = subOffsetText === undefined ? 0 : parseDecimal(subOffsetText)
  if (subOffset === null) {
    throw new Refusal('INVALID_FORK_SUB_OFFSET', 'stream-fork-sub-offset is a whole number from 0')
  }
  return { source, offset, subOffset }
}
