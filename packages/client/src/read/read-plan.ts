/**
 * How a read goes on, as pure functions: which transport comes next, and whether an answer is one to the question
 * that was asked.
 */

/** A position in a stream: opaque, but in order when compared as strings. `-1` is the start, `now` the tail. */
export type Offset = string

/**
 * `false`: up to the present end of the stream. `true`: and then on, by SSE where that is exact and works, by
 * long-poll otherwise. `'long-poll'` and `'sse'` choose; `'auto'` is `true`.
 */
export type LiveMode = boolean | 'long-poll' | 'sse' | 'auto'

export type Transport = 'catch-up' | 'long-poll' | 'sse'

/** What an answer or a control event says about where it ends. */
export interface TailReport {
  readonly next: Offset
  readonly cursor: string | null
  readonly upToDate: boolean
  readonly closed: boolean
}

/** Where a read is. */
export interface ReadPosition {
  readonly offset: Offset
  readonly cursor: string | null
  readonly upToDate: boolean
  readonly closed: boolean
}

export type Verdict =
  | { readonly kind: 'accept'; readonly position: ReadPosition }
  /** Nothing new: a wait that ran out. */
  | { readonly kind: 'nothing'; readonly position: ReadPosition }
  /** An earlier answer once more. Taking it would repeat data. */
  | { readonly kind: 'stale' }
  /** It claims to have moved on without the data in between. Taking it would lose data. */
  | { readonly kind: 'gap' }

/** What came with an answer: messages or bytes, `[]`, or nothing at all. */
export type Content = 'data' | 'empty-array' | 'none'

/**
 * Judges an answer to "what comes after `from.offset`". An answer may move the position only together with its
 * data, and data may come only together with a move: everything else is an answer to another question, as caches and
 * proxies give it, or a race that a server lost.
 */
export function judgeAnswer(from: ReadPosition, report: TailReport, content: Content): Verdict {
  const { next, upToDate, closed } = report
  const position = { offset: next, cursor: report.cursor ?? from.cursor, upToDate, closed }
  if (from.offset === 'now') return { kind: 'accept', position }
  const isStart = from.offset === '-1'
  if (!isStart && next < from.offset) return { kind: 'stale' }
  const moved = next !== from.offset
  if (content === 'data') return moved ? { kind: 'accept', position } : { kind: 'stale' }
  if (moved && !isStart && content === 'none') return { kind: 'gap' }
  if (!moved && !upToDate && !closed) return { kind: 'stale' }
  const isNews = moved || closed || upToDate !== from.upToDate
  return { kind: isNews ? 'accept' : 'nothing', position }
}

/** What may be used beside what is asked for. */
export interface TransportLimits {
  readonly contentType: string | undefined
  /** False while SSE is known not to work here: buffered by a proxy, refused, or not streamed by the runtime. */
  readonly sseWorks: boolean
}

/**
 * What to read by from a position; null at the end of the read. History comes by plain reads, which caches share and
 * which tell the content type. With `live: true` SSE is chosen for JSON only: its data lines carry no carriage
 * returns, so other text would not arrive byte for byte.
 */
export function nextTransport(
  position: ReadPosition,
  live: LiveMode,
  current: Transport,
  limits: TransportLimits,
): Transport | null {
  if (position.closed) return null
  if (live === false) return position.upToDate ? null : 'catch-up'
  if (!position.upToDate) return current
  if (live === 'long-poll' || !limits.sseWorks) return 'long-poll'
  if (live === 'sse') return 'sse'
  return isJsonType(limits.contentType) ? 'sse' : 'long-poll'
}

/** @see PROTOCOL §9.1 */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]!.trim().toLowerCase() === 'application/json'
}
