import { CLOSE_ARRAY, COMMA, JsonScanner, JsonSyntaxError, OPEN_ARRAY, PAUSED } from './json-scanner.js'
import { Slab } from './slab.js'
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
  return new JsonFraming(body).advance(Infinity)!
}

/** {@link frameJsonMessages} in steps, for bodies so long that other work should come in between. */
export class JsonFraming {
  readonly #body: Uint8Array
  readonly #scanner: JsonScanner
  readonly #stored: StoredMessages
  #isArray = false
  /** Where the message begins that is next or was left off; -1 before the first step. */
  #start = -1
  #isLeftOff = false

  constructor(body: Uint8Array) {
    this.#body = body
    this.#scanner = new JsonScanner(body)
    this.#stored = new StoredMessages(body)
  }

  /**
   * Goes on up to about a position in the body, and no further than to the next value from there on; returns the
   * outcome, null while there is more to do.
   */
  advance(pauseAt: number): FramedJson | null {
    try {
      const isDone = this.#start === -1 ? this.#begin(pauseAt) : this.#frame(this.#start, pauseAt)
      return isDone ? { ok: true, bytes: this.#stored.take(), count: this.#stored.count } : null
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      return { ok: false, message: error.message, position: error.position }
    }
  }

  #begin(pauseAt: number): boolean {
    const body = this.#body
    const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
    const start = this.#scanner.skipSpace(hasMark ? 3 : 0)
    if (body[start] !== OPEN_ARRAY) return this.#frame(start, pauseAt)
    this.#isArray = true
    const first = this.#scanner.skipSpace(start + 1)
    return body[first] === CLOSE_ARRAY ? this.#end(first + 1) : this.#frame(first, pauseAt)
  }

  /** Frames the message at `start` and those that follow; false when it was left off. */
  #frame(start: number, pauseAt: number): boolean {
    const body = this.#body
    const scanner = this.#scanner
    for (;;) {
      if (!this.#isLeftOff) scanner.sawLineBreak = false
      const end = this.#isLeftOff ? scanner.resume(pauseAt) : scanner.skipValue(start, pauseAt)
      this.#isLeftOff = end === PAUSED
      if (end === PAUSED) {
        this.#start = start
        return false
      }
      this.#stored.add(start, end, scanner.sawLineBreak)
      if (!this.#isArray) return this.#end(end)
      const next = scanner.skipSpace(end)
      if (body[next] === CLOSE_ARRAY) return this.#end(next + 1)
      if (body[next] !== COMMA) throw new JsonSyntaxError('expected , or ] after an element', next)
      start = scanner.skipSpace(next + 1)
    }
  }

  #end(at: number): true {
    const end = this.#scanner.skipSpace(at)
    if (end < this.#body.length) throw new JsonSyntaxError('unexpected text after the value', end)
    return true
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

/** Messages shorter than this are copied byte by byte, which is faster than a call for each. */
const SHORT_MESSAGE_BYTES = 48

/** Framed messages go to the store and are dropped. */
const framed = new Slab(16 << 10, 1 << 10)

/** Messages in stored form, in one buffer that grows by what their separators take more than the source's did. */
class StoredMessages {
  readonly #source: Uint8Array
  #bytes: Uint8Array
  #length = 0
  count = 0

  constructor(source: Uint8Array) {
    this.#source = source
    this.#bytes = framed.take(source.length + MESSAGE_END_LENGTH)
  }

  /** Adds the message that stands from `start` to `end` in the source; raw line breaks in it become spaces. */
  add(start: number, end: number, breaksLines: boolean): void {
    const source = this.#source
    const needed = this.#length + end - start + MESSAGE_END_LENGTH
    if (needed > this.#bytes.length) this.#grow(needed)
    const bytes = this.#bytes
    let at = this.#length
    if (end - start < SHORT_MESSAGE_BYTES) {
      for (let i = start; i < end; i++) bytes[at++] = source[i]!
    } else {
      bytes.set(source.subarray(start, end), at)
      at += end - start
    }
    if (breaksLines) blankLineBreaks(bytes, this.#length, at)
    bytes[at] = COMMA
    bytes[at + 1] = LF
    this.#length = at + MESSAGE_END_LENGTH
    this.count++
  }

  /** All of them. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(needed: number): void {
    const grown = framed.take(Math.max(needed, Math.ceil(this.#source.length * 1.5) + MESSAGE_END_LENGTH))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function blankLineBreaks(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) if (bytes[i] === LF || bytes[i] === CR) bytes[i] = SPACE
}
