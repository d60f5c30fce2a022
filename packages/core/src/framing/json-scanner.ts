import { utf8SequenceLength } from './utf8.js'

/** How deep arrays and objects may be nested in one message. */
export const MAX_JSON_DEPTH = 512

export const COMMA = 0x2c
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LITERALS: Readonly<Record<number, readonly number[]>> = {
  0x74: [0x74, 0x72, 0x75, 0x65],
  0x66: [0x66, 0x61, 0x6c, 0x73, 0x65],
  0x6e: [0x6e, 0x75, 0x6c, 0x6c],
}
/** The bytes that may follow a backslash, `u` apart. */
const SIMPLE_ESCAPES = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74])

/** 1 for the ASCII bytes that stand for themselves inside a string. */
const PLAIN_IN_STRING = new Uint8Array(256)
for (let byte = 0x20; byte < 0x80; byte++) {
  if (byte !== QUOTE && byte !== BACKSLASH) PLAIN_IN_STRING[byte] = 1
}

/** The opening brackets of the arrays and objects that a walk is inside of. All share it, as one walks at a time. */
const stack = new Uint8Array(MAX_JSON_DEPTH)
const NO_STACK = new Uint8Array(0)

/** What {@link JsonScanner.skipValue} returns when it has not come to the value's end. */
export const PAUSED = -1

/** The place at which a text stops being JSON. */
export class JsonSyntaxError extends Error {
  readonly position: number
  constructor(message: string, position: number) {
    super(message)
    this.name = 'JsonSyntaxError'
    this.position = position
  }
}

/**
 * Walks over JSON text (RFC 8259) in UTF-8 without building values: it validates, and it finds where values end.
 * Nesting is tracked on an explicit stack, so that no input can exhaust the call stack.
 */
export class JsonScanner {
  readonly #bytes: Uint8Array
  /** Where the walk over a value goes on that was paused, and what it was inside of. */
  #pausedAt = 0
  #pausedStack: Uint8Array = NO_STACK
  /** Whether a raw CR or LF was passed; in valid JSON it can only be insignificant white space. */
  sawLineBreak = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The position of the next byte that is not white space. */
  skipSpace(at: number): number {
    const bytes = this.#bytes
    for (;;) {
      const byte = bytes[at]
      if (byte === 0x0a || byte === 0x0d) this.sawLineBreak = true
      else if (byte !== 0x20 && byte !== 0x09) return at
      at++
    }
  }

  /**
   * Passes over one value that begins at `at`; returns the position after it. Throws {@link JsonSyntaxError}.
   *
   * @param pauseAt where to leave off, at the first value inside the value from there on; {@link PAUSED} is returned then
   */
  skipValue(at: number, pauseAt: number): number {
    return this.#walk(at, 0, pauseAt)
  }

  /** Goes on with the value that was left off last. */
  resume(pauseAt: number): number {
    stack.set(this.#pausedStack)
    return this.#walk(this.#pausedAt, this.#pausedStack.length, pauseAt)
  }

  #walk(at: number, depth: number, pauseAt: number): number {
    const bytes = this.#bytes
    for (;;) {
      if (at >= pauseAt) {
        this.#pausedAt = at
        this.#pausedStack = stack.slice(0, depth)
        return PAUSED
      }
      const byte = bytes[at]
      if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        const inside = this.skipSpace(at + 1)
        // A closing bracket is its opening one plus two, for both kinds.
        if (bytes[inside] === byte + 2) {
          at = inside + 1
        } else {
          if (depth === MAX_JSON_DEPTH) throw new JsonSyntaxError(`nested deeper than ${MAX_JSON_DEPTH}`, at)
          stack[depth++] = byte
          at = byte === OPEN_OBJECT ? this.#skipKey(inside) : inside
          continue
        }
      } else {
        at = this.#skipScalar(at)
      }
      for (;;) {
        if (depth === 0) return at
        at = this.skipSpace(at)
        const opened = stack[depth - 1]!
        if (bytes[at] === COMMA) {
          at = this.skipSpace(at + 1)
          if (opened === OPEN_OBJECT) at = this.#skipKey(at)
          break
        }
        if (bytes[at] !== opened + 2) throw this.#unexpected(at)
        at++
        depth--
      }
    }
  }

  #skipScalar(at: number): number {
    const byte = this.#bytes[at]
    if (byte === QUOTE) return this.#skipString(at)
    if (byte === MINUS || isDigit(byte)) return this.#skipNumber(at)
    const literal = byte === undefined ? undefined : LITERALS[byte]
    if (literal === undefined) throw this.#unexpected(at)
    for (let i = 1; i < literal.length; i++) {
      if (this.#bytes[at + i] !== literal[i]) throw this.#unexpected(at + i)
    }
    return at + literal.length
  }

  /** Passes over `"key" :` and the white space around it. */
  #skipKey(at: number): number {
    if (this.#bytes[at] !== QUOTE) throw this.#unexpected(at)
    const colon = this.skipSpace(this.#skipString(at))
    if (this.#bytes[colon] !== COLON) throw this.#unexpected(colon)
    return this.skipSpace(colon + 1)
  }

  #skipString(start: number): number {
    const bytes = this.#bytes
    let at = start + 1
    for (;;) {
      while (PLAIN_IN_STRING[bytes[at]!] === 1) at++
      const byte = bytes[at]
      if (byte === QUOTE) return at + 1
      if (byte === undefined) throw this.#unexpected(at)
      if (byte < 0x20) throw new JsonSyntaxError('control character in a string', at)
      if (byte === BACKSLASH) {
        at = this.#skipEscape(at)
      } else {
        const length = utf8SequenceLength(bytes, at)
        if (length === 0) throw new JsonSyntaxError('invalid UTF-8', at)
        at += length
      }
    }
  }

  #skipEscape(at: number): number {
    const bytes = this.#bytes
    const escaped = bytes[at + 1]
    if (escaped === undefined) throw this.#unexpected(at + 1)
    if (SIMPLE_ESCAPES.has(escaped)) return at + 2
    if (escaped !== 0x75) throw new JsonSyntaxError('unknown escape', at)
    for (let i = at + 2; i < at + 6; i++) {
      if (!isHexDigit(bytes[i])) throw this.#unexpected(i)
    }
    return at + 6
  }

  #skipNumber(at: number): number {
    const bytes = this.#bytes
    if (bytes[at] === MINUS) at++
    at = bytes[at] === ZERO ? at + 1 : this.#skipDigits(at)
    if (bytes[at] === POINT) at = this.#skipDigits(at + 1)
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++
      if (bytes[at] === PLUS || bytes[at] === MINUS) at++
      at = this.#skipDigits(at)
    }
    return at
  }

  #skipDigits(at: number): number {
    if (!isDigit(this.#bytes[at])) throw this.#unexpected(at)
    do at++
    while (isDigit(this.#bytes[at]))
    return at
  }

  #unexpected(at: number): JsonSyntaxError {
    return new JsonSyntaxError(at >= this.#bytes.length ? 'unexpected end' : 'unexpected character', at)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}
