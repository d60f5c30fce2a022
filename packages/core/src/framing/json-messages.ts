import { CLOSE_ARRAY, COMMA, JsonScanner, JsonSyntaxError, OPEN_ARRAY } from './json-scanner.js'
import { totalLength } from './bytes.js'

/**
 * The outcome of framing a JSON body: the messages in stored form, or the reason why the body is no JSON.
 *
 * Stored form: each message is its source text, never re-serialised, with raw CR and LF (which valid JSON holds
 * only between tokens) replaced by spaces, followed by `,` and LF. So a read is a byte range, a message boundary
 * is an LF, and counting LFs counts messages.
 */
export type FramedJson =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly count: number }
  | { readonly ok: false; readonly message: string; readonly position: number }

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const OPEN = Uint8Array.of(OPEN_ARRAY)
const CLOSE = Uint8Array.of(CLOSE_ARRAY)
const EMPTY_ARRAY = Uint8Array.of(OPEN_ARRAY, CLOSE_ARRAY)

/** `,` and LF, which end every stored message. */
export const MESSAGE_END_LENGTH = 2

/**
 * Validates a body and frames its messages: the elements of a top-level array, one level flattened, or else the
 * one value that it is. `[]` has no messages. A leading byte order mark is passed over (RFC 8259 §8.1).
 * @see PROTOCOL §9.1.1, §9.1.2, §9.1.4
 */
export function frameJsonMessages(body: Uint8Array): FramedJson {
  const scanner = new JsonScanner(body)
  try {
    const spans = findMessages(scanner, body)
    return { ok: true, bytes: copyMessages(body, spans, scanner.sawLineBreak), count: spans.length / 2 }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    return { ok: false, message: error.message, position: error.position }
  }
}

/** Stored messages as a JSON array, without copying them. @see PROTOCOL §9.1.5 */
export function wrapJsonArray(pieces: readonly Uint8Array[]): Uint8Array[] {
  const total = totalLength(pieces)
  if (total === 0) return [EMPTY_ARRAY]
  const wrapped: Uint8Array[] = [OPEN]
  let left = total - MESSAGE_END_LENGTH
  for (const piece of pieces) {
    if (left > 0) wrapped.push(piece.length <= left ? piece : piece.subarray(0, left))
    left -= piece.length
  }
  wrapped.push(CLOSE)
  return wrapped
}

/** The start and end of every message, as consecutive pairs. */
function findMessages(scanner: JsonScanner, body: Uint8Array): number[] {
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
  const start = scanner.skipSpace(hasMark ? 3 : 0)
  const spans: number[] = []
  let at: number
  if (body[start] === OPEN_ARRAY) {
    at = findElements(scanner, body, scanner.skipSpace(start + 1), spans)
  } else {
    at = scanner.skipValue(start)
    spans.push(start, at)
  }
  const end = scanner.skipSpace(at)
  if (end < body.length) throw new JsonSyntaxError('unexpected text after the value', end)
  return spans
}

function findElements(scanner: JsonScanner, body: Uint8Array, first: number, spans: number[]): number {
  if (body[first] === CLOSE_ARRAY) return first + 1
  let at = first
  for (;;) {
    const end = scanner.skipValue(at)
    spans.push(at, end)
    const next = scanner.skipSpace(end)
    if (body[next] === CLOSE_ARRAY) return next + 1
    if (body[next] !== COMMA) throw new JsonSyntaxError('expected , or ] after an element', next)
    at = scanner.skipSpace(next + 1)
  }
}

function copyMessages(body: Uint8Array, spans: readonly number[], breaksLines: boolean): Uint8Array {
  let length = 0
  for (let i = 0; i < spans.length; i += 2) length += spans[i + 1]! - spans[i]! + MESSAGE_END_LENGTH
  const stored = new Uint8Array(length)
  let at = 0
  for (let i = 0; i < spans.length; i += 2) {
    stored.set(body.subarray(spans[i], spans[i + 1]), at)
    const end = at + spans[i + 1]! - spans[i]!
    if (breaksLines) blankLineBreaks(stored, at, end)
    stored[end] = COMMA
    stored[end + 1] = LF
    at = end + MESSAGE_END_LENGTH
  }
  return stored
}

function blankLineBreaks(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) if (bytes[i] === LF || bytes[i] === CR) bytes[i] = SPACE
}
