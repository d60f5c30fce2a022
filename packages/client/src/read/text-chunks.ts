import type { Payload } from './payload.js'

/**
 * Turns batches into text. A batch that ends in the middle of a character has no offset at which a reader could go on,
 * so it is kept until the next one completes it.
 */
export class TextChunks {
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #held = ''
  /** The last three bytes so far: a character may be cut more than once. */
  #tail: readonly number[] = []

  /** The text up to the end of this batch; null while it ends within a character. */
  add(payload: Payload): string | null {
    if (payload.kind === 'texts') return this.#release(payload.texts.join(''))
    const text = this.#decoder.decode(payload.bytes, { stream: true })
    this.#tail = [...this.#tail, ...payload.bytes.subarray(-3)].slice(-3)
    if (!endsWithinCharacter(this.#tail)) return this.#release(text)
    this.#held += text
    return null
  }

  /** What is left at the end of the stream. */
  finish(): string {
    return this.#release(this.#decoder.decode())
  }

  #release(text: string): string {
    const all = this.#held + text
    this.#held = ''
    return all
  }
}

/** Whether UTF-8 bytes end with the beginning of a character. */
function endsWithinCharacter(bytes: readonly number[]): boolean {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return false
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back
  }
  return false
}
