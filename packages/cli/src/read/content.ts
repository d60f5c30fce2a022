import { JsonValues } from '../input/json-values.js'
import { CliError } from '../failures.js'

/** What came at once, in units that can be counted, skipped and limited: messages, or bytes. */
export interface Content {
  readonly count: number
  part(from: number, to: number): Content
  /** As it is printed. */
  toBytes(): Uint8Array
  /** As a field of a JSON record. */
  toField(): string
}

/** Longer messages than a server sends in a page do not exist. */
const MAX_MESSAGE_BYTES = 268_435_456

/** Messages of a JSON stream, each as its source text. */
export class Messages implements Content {
  readonly list: readonly Uint8Array[]

  constructor(list: readonly Uint8Array[]) {
    this.list = list
  }

  /** Takes the arrays apart in which JSON streams are served. @see PROTOCOL §9.1.5 */
  static parse(data: Uint8Array): Messages {
    const values = new JsonValues({ flatten: true, maxBytes: MAX_MESSAGE_BYTES })
    try {
      const pieces = values.push(data)
      if (values.failure !== null) throw values.failure
      pieces.push(...values.finish())
      return new Messages(pieces.map(({ bytes }) => bytes))
    } catch (cause) {
      throw new CliError('PARSE_ERROR', 'the server sent what is no JSON array', {
        cause,
        hint: 'read the bytes as they are with --raw',
      })
    }
  }

  get count(): number {
    return this.list.length
  }

  part(from: number, to: number): Messages {
    return new Messages(this.list.slice(from, to))
  }

  /** One message a line. */
  toBytes(): Uint8Array {
    return Buffer.concat(this.list.flatMap((message) => [withoutLineBreaks(message), LINE_END]))
  }

  toField(): string {
    return `"messages":[${this.list.map((message) => Buffer.from(message).toString('utf8')).join(',')}]`
  }
}

/** Bytes of any other stream. */
export class Bytes implements Content {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get count(): number {
    return this.#bytes.length
  }

  part(from: number, to: number): Bytes {
    return new Bytes(this.#bytes.subarray(from, to))
  }

  toBytes(): Uint8Array {
    return this.#bytes
  }

  /** Text where it is text, base64 otherwise: nothing is lost either way. */
  toField(): string {
    try {
      return `"text":${JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes))}`
    } catch {
      return `"base64":"${Buffer.from(this.#bytes).toString('base64')}"`
    }
  }
}

const LINE_END = Buffer.from('\n')
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

/** Line breaks of JSON are white space between its tokens: inside of strings they are escaped. */
function withoutLineBreaks(message: Uint8Array): Uint8Array {
  if (!message.includes(LF) && !message.includes(CR)) return message
  return message.map((byte) => (byte === LF || byte === CR ? SPACE : byte))
}
