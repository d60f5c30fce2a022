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

  /** @param maxBytes of a piece; a longer line is passed on in parts */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): Piece[] {
    const text = Buffer.concat([...this.#carry, chunk])
    const pieces: Piece[] = []
    let from = 0
    for (let end = this.#endOfPiece(text, from); end !== -1; end = this.#endOfPiece(text, from)) {
      pieces.push(this.#take(text.subarray(from, end)))
      from = end
    }
    this.#carry = from === text.length ? [] : [text.subarray(from)]
    this.#carried = text.length - from
    return pieces
  }

  finish(): Piece[] {
    return this.#carried === 0 ? [] : [this.#take(Buffer.concat(this.#carry))]
  }

  /** Where a piece ends that begins at a position; -1 if that is not known yet. */
  #endOfPiece(text: Buffer, from: number): number {
    const fits = text.length - from <= this.#maxBytes
    const end = text.lastIndexOf(LF, fits ? text.length : from + this.#maxBytes - 1) + 1
    if (end > from) return end
    return fits ? -1 : from + this.#maxBytes
  }

  #take(bytes: Buffer): Piece {
    const start = this.#position
    this.#position += bytes.length
    return { bytes, start, end: this.#position }
  }
}

/** Bytes as they come. The chunks are not copied: their owner leaves them alone. */
export class PlainBytes implements InputForm {
  readonly isCuttable = true
  readonly failure = null
  readonly #maxBytes: number
  #position = 0

  /** @param maxBytes of a piece */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): Piece[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const pieces: Piece[] = []
    for (let from = 0; from < bytes.length; from += this.#maxBytes) {
      const part = bytes.subarray(from, from + this.#maxBytes)
      pieces.push({ bytes: part, start: this.#position, end: this.#position + part.length })
      this.#position += part.length
    }
    return pieces
  }

  finish(): Piece[] {
    return []
  }
}
