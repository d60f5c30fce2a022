import { Command } from 'ioredis'

/** An argument of a command in the form in which it goes out. */
export function encodeArgument(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/** Arguments of a script of which all but the first, its name, are encoded already. */
export interface EncodedArguments {
  readonly script: string
  /** How many there are besides the script's name. */
  readonly count: number
  readonly parts: readonly (string | Buffer)[]
}

/** A call of a script that is built from parts which its caller has at hand, some of them for many calls. */
export class EncodedCommand extends Command {
  readonly #encoded: EncodedArguments

  constructor(encoded: EncodedArguments) {
    super('evalsha', [encoded.script])
    this.#encoded = encoded
  }

  override toWritable(): string | Buffer {
    const { count, parts } = this.#encoded
    const start = `*${2 + count}\r\n$7\r\nevalsha\r\n${encodeArgument(this.args[0] as string)}`
    if (parts.length === 1 && typeof parts[0] === 'string') return start + parts[0]
    return Buffer.concat(
      [start, ...parts].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
    )
  }
}
