import { CliError } from '../failures.js'
import { EXIT } from '../exit-codes.js'
import type { InputForm, Piece } from './pieces.js'

export interface JsonValuesOptions {
  /** Makes each element of a top-level array a value of its own. */
  readonly flatten: boolean
  /** The longest value, in bytes. */
  readonly maxBytes: number
  /** Put behind each value. */
  readonly suffix?: string
}

const LF = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** The record separator of JSON text sequences (RFC 7464). */
const RECORD_SEPARATOR = 0x1e

type Kind = 'scalar' | 'string' | 'nested'

/**
 * Finds the JSON values of an input that holds one after the other, on lines of their own or not, however its chunks
 * are cut. Source text is kept as it is. Values are checked, so that a mistake is found before anything that follows
 * it is sent, and named by its line.
 */
export class JsonValues implements InputForm {
  readonly isCuttable = false
  readonly #options: JsonValuesOptions
  readonly #suffix: Buffer | null
  /** What was pushed before and belongs to a value that has not ended. */
  #carry: Buffer[] = []
  #carried = 0
  #kind: Kind | null = null
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** Null outside of a flattened array; else what may come next in it. */
  #array: 'value' | 'value-or-end' | 'comma' | null = null
  #valueStart = 0
  #position = 0
  #line = 1
  #failure: Error | null = null

  constructor(options: JsonValuesOptions) {
    this.#options = options
    this.#suffix = options.suffix === undefined ? null : Buffer.from(options.suffix)
  }

  get failure(): Error | null {
    return this.#failure
  }

  push(chunk: Uint8Array): Piece[] {
    const pieces: Piece[] = []
    try {
      this.#cut(chunk, pieces)
    } catch (error) {
      this.#failure = error as Error
    }
    return pieces
  }

  #cut(chunk: Uint8Array, pieces: Piece[]): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const base = this.#position
    let from = 0
    let at = 0
    while (at < buffer.length) {
      if (this.#kind === null) {
        at = from = this.#findValue(buffer, at, base)
        if (at === buffer.length) break
      }
      const end = this.#findEnd(buffer, at)
      if (end === -1) break
      pieces.push(this.#take(buffer.subarray(from, end), base + end))
      at = end
    }
    if (this.#kind !== null) this.#keep(buffer.subarray(from))
    this.#position = base + buffer.length
  }

  finish(): Piece[] {
    const pieces: Piece[] = []
    if (this.#kind === 'scalar') pieces.push(this.#take(Buffer.alloc(0), this.#position))
    else if (this.#kind !== null) throw this.#error('the input ends in the middle of a JSON value')
    if (this.#array !== null) throw this.#error('the input ends in the middle of a JSON array')
    return pieces
  }

  /** Goes to the first byte of the next value. */
  #findValue(buffer: Buffer, from: number, base: number): number {
    for (let at = from; at < buffer.length; at++) {
      const byte = buffer[at]!
      if (byte === LF) this.#line++
      if (isSpace(byte) || byte === RECORD_SEPARATOR) continue
      if (base + at < 3 && isMark(byte, base + at)) continue
      if (this.#steppedInArray(byte)) continue
      this.#valueStart = base + at
      this.#kind =
        byte === QUOTE ? 'string' : byte === OPEN_OBJECT || byte === OPEN_ARRAY ? 'nested' : 'scalar'
      this.#depth = 0
      this.#isInString = this.#isEscaped = false
      return at
    }
    return buffer.length
  }

  /** Whether the byte belongs to the flattened array itself. */
  #steppedInArray(byte: number): boolean {
    if (this.#array === null) {
      if (!this.#options.flatten || byte !== OPEN_ARRAY) return false
      this.#array = 'value-or-end'
      return true
    }
    if (byte === CLOSE_ARRAY && this.#array !== 'value') {
      this.#array = null
      return true
    }
    if (byte === COMMA && this.#array === 'comma') {
      this.#array = 'value'
      return true
    }
    if (this.#array === 'comma') throw this.#error('a comma is missing between the elements of the array')
    return false
  }

  /** The position after the value; -1 if it goes on in the next chunk. */
  #findEnd(buffer: Buffer, from: number): number {
    for (let at = from; at < buffer.length; at++) {
      const byte = buffer[at]!
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === BACKSLASH) this.#isEscaped = true
        else if (byte === QUOTE) {
          this.#isInString = false
          if (this.#kind === 'string') return at + 1
        }
      } else if (this.#kind === 'scalar') {
        if (endsScalar(byte)) return at
      } else if (byte === QUOTE) {
        this.#isInString = true
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth++
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (--this.#depth === 0) return at + 1
      } else if (byte === LF) {
        this.#line++
      }
    }
    return -1
  }

  #keep(rest: Buffer): void {
    this.#carried += rest.length
    const { maxBytes } = this.#options
    if (this.#carried > maxBytes) throw this.#error(`a JSON value has more than ${maxBytes} bytes`)
    // A copy, as whoever pushed the chunk may use it again.
    this.#carry.push(Buffer.from(rest))
  }

  #take(last: Buffer, end: number): Piece {
    const text = this.#carry.length === 0 ? last : Buffer.concat([...this.#carry, last])
    this.#carry = []
    this.#carried = 0
    this.#kind = null
    if (this.#array !== null) this.#array = 'comma'
    this.#check(text)
    const bytes = this.#suffix === null ? text : Buffer.concat([text, this.#suffix])
    return { bytes, start: this.#valueStart, end }
  }

  #check(text: Buffer): void {
    const source = text.toString('utf8')
    try {
      JSON.parse(source)
    } catch {
      throw this.#error(`this is no JSON: ${source.length > 60 ? `${source.slice(0, 60)}...` : source}`)
    }
  }

  #error(message: string): CliError {
    return new CliError('INVALID_JSON', `line ${this.#line} of the input: ${message}`, {
      exitCode: EXIT.failed,
      hint: 'everything before it was appended; --lines appends each line of plain text as a JSON string',
    })
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09
}

/** A byte order mark before everything else. */
function isMark(byte: number, position: number): boolean {
  return byte === [0xef, 0xbb, 0xbf][position]
}

function endsScalar(byte: number): boolean {
  return (
    isSpace(byte) ||
    byte === COMMA ||
    byte === CLOSE_ARRAY ||
    byte === CLOSE_OBJECT ||
    byte === RECORD_SEPARATOR
  )
}
