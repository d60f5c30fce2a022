import type { Writable } from 'node:stream'
import { OutputClosed } from '../failures.js'

/**
 * Standard output with back-pressure: a write resolves when there is room for the next one. When its reader has gone
 * away (`ds read x | head -1`) writes reject with `OutputClosed`.
 */
export class StandardOutput {
  readonly #stream: Writable
  #failure: Error | null = null
  #onRoom: (() => void) | null = null

  /** @param onClosed called once when nobody reads any more */
  constructor(stream: Writable, onClosed: (reason: Error) => void = () => undefined) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= error.code === 'EPIPE' ? new OutputClosed() : error
      this.#onRoom?.()
      onClosed(this.#failure)
    })
    stream.on('drain', () => this.#onRoom?.())
  }

  async write(data: Uint8Array | string): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (data.length === 0) return
    if (this.#stream.write(data)) return
    await new Promise<void>((resolve) => (this.#onRoom = resolve))
    this.#onRoom = null
    // It may have been set while we waited; the analysis of types does not see that.
    if (this.#failure as Error | null) throw this.#failure as unknown as Error
  }

  /** Resolves when everything was handed to the system, or cannot be any more. */
  async flush(): Promise<void> {
    if (this.#failure !== null) return
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()))
  }
}
