import type { Compressor, ContentCoding } from './compression.js'
import { ClientGone } from './exchange.js'

const DEFAULT_AT_A_TIME = 2
/** How many wait for their turn, each with the bytes of a page. */
const MOST_WAITING = 32

/**
 * A compressor with a bound: a few compressions run, some wait in line, and one that would have to wait behind them is
 * for its caller to do without.
 */
export class CompressionLine {
  readonly codings: readonly ContentCoding[]
  readonly #compressor: Compressor
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(compressor: Compressor) {
    this.codings = compressor.codings
    this.#compressor = compressor
  }

  /** Whether there is no place in the line. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING
  }

  /**
   * Compresses when it is their turn.
   *
   * @param isGone asked at that time, as nobody compresses for a client that is gone
   * @throws ClientGone
   */
  async compress(
    coding: ContentCoding,
    pieces: readonly Uint8Array[],
    isGone: () => boolean,
  ): Promise<Uint8Array> {
    if (this.#running < (this.#compressor.atATime ?? DEFAULT_AT_A_TIME)) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (isGone()) throw new ClientGone()
      return await this.#compressor.compress(coding, pieces)
    } finally {
      // The place goes to the next in line, so that nobody who comes meanwhile can take it.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
