import type { StreamId } from './branded.js'

/** What an entity tag stands for: a range of one incarnation, and whether its end is the end for ever. */
export interface TaggedRange {
  readonly streamId: StreamId
  readonly from: number
  readonly to: number
  /** True when the range reaches the tail of a closed stream. */
  readonly closed: boolean
}

/**
 * The entity tag of a read, without quotes' content ever depending on anything but the range: it changes with
 * new data, with closure and with re-creation. @see PROTOCOL §10.1 (ETag usage, ETag and stream closure)
 *
 * @param encoding the content coding of the body, null for identity; each coding is its own representation
 */
export function formatEtag(range: TaggedRange, encoding: string | null): string {
  const closed = range.closed ? ':c' : ''
  const coding = encoding === null ? '' : `;${encoding}`
  return `"${range.streamId}:${range.from}:${range.to}${closed}${coding}"`
}

/** Whether an `If-None-Match` header matches a tag, by weak comparison: `*`, one tag or a list. RFC 9110 §13.1.2 */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  for (const candidate of ifNoneMatch.split(',')) {
    const tag = candidate.trim()
    if (tag === '*' || (tag.startsWith('W/') ? tag.slice(2) : tag) === etag) return true
  }
  return false
}
