import { Bytes, Messages, type Content } from './content.js'
import { CliError } from '../failures.js'

const LF = 0x0a
/** What the last messages or lines may hold. */
const MAX_KEPT_BYTES = 268_435_456

/** Keeps the last messages, or the last lines, of what passes by. */
export class LastPart {
  readonly #wanted: number
  #messages: Uint8Array[] = []
  #bytes: Buffer | null = null
  #size = 0

  constructor(wanted: number) {
    this.#wanted = wanted
  }

  push(content: Content): void {
    if (content instanceof Messages) this.#pushMessages(content)
    else
      this.#bytes = lastLines(
        Buffer.concat([this.#bytes ?? Buffer.alloc(0), content.toBytes()]),
        this.#wanted,
      )
    if ((this.#bytes?.length ?? this.#size) <= MAX_KEPT_BYTES) return
    throw new CliError('TOO_LONG', `the last ${this.#wanted} lines have more than ${MAX_KEPT_BYTES} bytes`, {
      hint: 'ask for fewer with --last',
    })
  }

  take(): Content {
    return this.#bytes === null ? new Messages(this.#messages) : new Bytes(this.#bytes)
  }

  #pushMessages({ list }: Messages): void {
    for (const message of list) {
      this.#messages.push(message)
      this.#size += message.length
    }
    const surplus = this.#messages.splice(0, Math.max(0, this.#messages.length - this.#wanted))
    for (const message of surplus) this.#size -= message.length
  }
}

/** The end of a text from where its last `wanted` lines begin; the last of them may be unfinished. */
export function lastLines(text: Buffer, wanted: number): Buffer {
  let from = text.length
  // The line end at the very end belongs to the last line.
  if (text.at(-1) === LF) from--
  for (let lines = 0; lines < wanted; lines++) {
    if (from === 0) return text
    const found = text.lastIndexOf(LF, from - 1)
    if (found === -1) return text
    from = found
  }
  return text.subarray(from + 1)
}
