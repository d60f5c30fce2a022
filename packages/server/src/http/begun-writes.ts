import { StreamFault } from '@ds/core'

/** Counts the writes that were begun and are not done, so that a stop can let them finish, uploads included. */
export class BegunWrites {
  #count = 0
  #isClosed = false
  #onDone: (() => void) | null = null

  /** To be called before a write's body is taken, if it has one. Throws a {@link StreamFault} once there is an end to them. */
  begin(): void {
    if (this.#isClosed) throw new StreamFault('unavailable', 'the server is stopping')
    this.#count++
  }

  /** To be called once for each that was begun. */
  end(): void {
    if (--this.#count === 0) this.#onDone?.()
  }

  /** Lets none begin any more; resolves when those are done that did. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#onDone = resolve))
  }
}
