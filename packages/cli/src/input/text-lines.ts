import { CliError } from '../failures.js'
import type { InputForm, Piece } from './pieces.js'

const LF = 0x0a
const CR = 0x0d

/** Makes each line of text a JSON string, without its line end. */
export class JsonLines implements InputForm {
  readonly isCuttable = false
  readonly #maxBytes: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #carry: Buffer[] = []
  #carried = 0
  #position = 0
  #line = 0
  #failure: Error | null = null

  /** @param maxBytes the longest line */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
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
    let from = 0
    for (let at = buffer.indexOf(LF); at !== -1; at = buffer.indexOf(LF, from)) {
      pieces.push(this.#take(buffer.subarray(from, at), 1))
      from = at + 1
    }
    const rest = buffer.subarray(from)
    this.#carried += rest.length
    if (this.#carried > this.#maxBytes) {
      throw new CliError(
        'LINE_TOO_LONG',
        `line ${this.#line + 1} of the input has more than ${this.#maxBytes} bytes`,
      )
    }
    if (rest.length > 0) this.#carry.push(Buffer.from(rest))
  }

  finish(): Piece[] {
    return this.#carried === 0 ? [] : [this.#take(Buffer.alloc(0), 0)]
  }

  #take(last: Buffer, endLength: number): Piece {
    const raw = this.#carry.length === 0 ? last : Buffer.concat([...this.#carry, last])
    this.#carry = []
    this.#carried = 0
    this.#line++
    const start = this.#position
    this.#position += raw.length + endLength
    const line = raw.at(-1) === CR ? raw.subarray(0, -1) : raw
    return { bytes: Buffer.from(JSON.stringify(this.#decode(line))), start, end: this.#position }
  }

  #decode(line: Buffer): string {
    try {
      return this.#decoder.decode(line)
    } catch {
      throw new CliError('INVALID_TEXT', `line ${this.#line} of the input is not UTF-8`, {
        hint: 'a JSON stream takes text only; use a stream of application/octet-stream for bytes',
      })
    }
  }
}

/** Bytes as they are, in pieces that end where lines end, so that live readers see whole lines. */
export class WholeLines implements InputForm {
  readonly isCuttable = true
  readonly failure = null
  readonly #maxBytes: number
  #carry: Buffer[] = []
  #carried = 0
  #position = 0

  /** @param maxBytes a longer line is passed on in parts */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): Piece[] {
    const buffer = Buffer.from(chunk)
    const last = buffer.lastIndexOf(LF)
    if (last !== -1) {
      const piece = this.#take(buffer.subarray(0, last + 1))
      this.#keep(buffer.subarray(last + 1))
      return [piece]
    }
    this.#keep(buffer)
    return this.#carried > this.#maxBytes ? this.finish() : []
  }

  finish(): Piece[] {
    return this.#carried === 0 ? [] : [this.#take(Buffer.alloc(0))]
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#carry.push(rest)
    this.#carried += rest.length
  }

  #take(last: Buffer): Piece {
    const bytes = Buffer.concat([...this.#carry, last])
    this.#carry = []
    this.#carried = 0
    const start = this.#position
    this.#position += bytes.length
    return { bytes, start, end: this.#position }
  }
}

/** Bytes as they come. */
export class PlainBytes implements InputForm {
  readonly isCuttable = true
  readonly failure = null
  #position = 0

  push(chunk: Uint8Array): Piece[] {
    if (chunk.length === 0) return []
    const start = this.#position
    this.#position += chunk.length
    return [{ bytes: Buffer.from(chunk), start, end: this.#position }]
  }

  finish(): Piece[] {
    return []
  }
}
