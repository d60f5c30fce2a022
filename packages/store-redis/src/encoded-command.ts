import { Command } from 'ioredis'

/** What precedes arguments that are so many bytes long; for the lengths that are met all the time. */
const HEADS: readonly string[] = Array.from({ length: 512 }, (_, bytes) => `$${bytes}\r\n`)

/** An argument of a command in the form in which it goes out. */
export function encodeArgument(text: string): string {
  return encodeHead(Buffer.byteLength(text)) + text + '\r\n'
}

/** The same for text that is known to be ASCII. */
export function encodeAscii(text: string): string {
  return encodeHead(text.length) + text + '\r\n'
}

/** What precedes an argument of so many bytes; a line end follows it. */
export function encodeHead(bytes: number): string {
  return HEADS[bytes] ?? `$${bytes}\r\n`
}

/** Arguments of a script of which all but the first, its name, are encoded already. */
export class EncodedArguments {
  readonly script: string
  /** How many there are besides the script's name. */
  readonly count: number
  readonly text: string
  /** When they are not all text: what they begin with, before `text`. */
  readonly before: readonly (string | Buffer)[] | null

  constructor(script: string, count: number, text: string, before: readonly (string | Buffer)[] | null) {
    this.script = script
    this.count = count
    this.text = text
    this.before = before
  }
}

/** A call of a script that is built from parts which its caller has at hand, some of them for many calls. */
export class EncodedCommand extends Command {
  readonly #encoded: EncodedArguments

  constructor(encoded: EncodedArguments) {
    super('evalsha', [encoded.script])
    this.#encoded = encoded
  }

  override toWritable(): string | Buffer {
    const { count, text, before } = this.#encoded
    const start = `*${2 + count}\r\n$7\r\nevalsha\r\n${encodeArgument(this.args[0] as string)}`
    if (before === null) return start + text
    const parts = [start, ...before, text]
    return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  }
}
