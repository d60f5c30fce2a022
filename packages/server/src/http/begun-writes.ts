import type { MaybePromise } from '@ds/core'
import { StreamFault, isPromise } from '@ds/core'

/** Counts the writes that were begun and are not done, so that a stop can let them finish, uploads included. */
export class BegunWrites {
  #count = 0
  #isClosed = false
  #onDone: (() => void) | null = null

  /**
   * Takes a write's body in and carries the write out. Throws or rejects as they do, and throws a {@link StreamFault}
   * once there is an end to writes.
   */
  run<T>(
    receive: () => PromiseLike<Uint8Array>,
    write: (body: Uint8Array) => MaybePromise<T>,
  ): PromiseLike<T> {
    if (this.#isClosed) throw new StreamFault('unavailable', 'the server is stopping')
    const receiving = receive()
    this.#count++
    return receiving.then((body) => this.#finish(write, body), this.#fail)
  }

  /** Lets none begin any more; resolves when those are done that did. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#onDone = resolve))
  }

  #finish<T>(write: (body: Uint8Array) => MaybePromise<T>, body: Uint8Array): MaybePromise<T> {
    let written: MaybePromise<T>
    try {
      written = write(body)
    } catch (error) {
      return this.#fail(error)
    }
    return isPromise(written) ? written.then((result) => this.#end(result), this.#fail) : this.#end(written)
  }

  readonly #fail = (error: unknown): never => {
    this.#end(null)
    throw error
  }

  #end<T>(result: T): T {
    if (--this.#count === 0) this.#onDone?.()
    return result
  }
}
