import type { Offset, StreamId } from './branded.js'

/**
 * A point in a stream: how many bytes lie before it, and which incarnation owns the last of them.
 * Position 0 has no byte before it and so no owner.
 */
export interface Point {
  /** Bytes before this point, 0 to 2^53-1. */
  readonly position: number
  /** The incarnation that owns the byte just before this point; null at position 0. */
  readonly owner: StreamId | null
}

/** What an `offset` parameter may say. @see PROTOCOL §8 (sentinel values) */
export type OffsetRequest =
  { readonly kind: 'start' } | { readonly kind: 'now' } | { readonly kind: 'point'; readonly point: Point }

const NO_OWNER = '0000000000000000'
const TOKEN = /^(\d{16})_([0-9a-v]{16})$/
const STREAM_ID = /^[0-9a-v]{16}$/

/** The first offset of every stream. */
export const START_OFFSET: Offset = `${NO_OWNER}_${NO_OWNER}` as Offset

/** True for text that can name an incarnation. */
export function isStreamId(text: string): text is StreamId {
  return STREAM_ID.test(text) && text !== NO_OWNER
}

/**
 * Writes a point as an offset token: sixteen decimal digits, `_`, the owner. Tokens of one stream sort by
 * position in plain byte order.
 */
export function formatOffset(position: number, owner: StreamId): Offset {
  if (position === 0) return START_OFFSET
  return `${String(position).padStart(16, '0')}_${owner}` as Offset
}

/** The offset so many bytes behind another of the same incarnation, which must not be the first of all. */
export function moveOffset(offset: Offset, byBytes: number): Offset {
  const underscore = NO_OWNER.length
  const position = Number(offset.slice(0, underscore)) + byBytes
  return formatOffset(position, offset.slice(underscore + 1) as StreamId)
}

/** Reads an offset token; null when it is none, or when its position is beyond 2^53-1. */
export function parseOffset(token: string): Point | null {
  const match = TOKEN.exec(token)
  if (match === null) return null
  const position = Number(match[1])
  const owner = match[2]!
  if (!Number.isSafeInteger(position)) return null
  if (position === 0) return owner === NO_OWNER ? { position, owner: null } : null
  return owner === NO_OWNER ? null : { position, owner: owner as StreamId }
}

/** Reads an `offset` parameter: `-1`, `now` or a token; null when it is none of them. */
export function parseOffsetRequest(text: string): OffsetRequest | null {
  if (text === '-1') return { kind: 'start' }
  if (text === 'now') return { kind: 'now' }
  const point = parseOffset(text)
  return point === null ? null : { kind: 'point', point }
}
