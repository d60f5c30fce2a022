import { Gate } from './gate.js'
import { streamError } from '../errors/durable-stream-error.js'

/** Counts what a producer holds in memory, keeps it within a bound, and tells when there is room. */
export class Backlog {
  readonly #maxBytes: number
  readonly #room: Gate = new Gate()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes bytes in. A message that is larger than the bound may come alone. Throws `BUFFER_FULL`. */
  add(bytes: number): void {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      throw streamError('BUFFER_FULL', `more than ${this.#maxBytes} bytes wait to be appended`)
    }
    this.#bytes += bytes
  }

  remove(bytes: number): void {
    this.#bytes -= bytes
    if (this.#hasRoom) this.#room.open()
  }

  /** Resolves when less than half of the bound is in use. */
  get ready(): Promise<void> {
    return this.#hasRoom ? Promise.resolve() : this.#room.wait()
  }

  get #hasRoom(): boolean {
    return this.#bytes < this.#maxBytes / 2
  }
}
