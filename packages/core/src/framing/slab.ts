/**
 * Gives out arrays of bytes, the small ones cut out of larger ones: for an ArrayBuffer of its own, an array of some
 * hundred bytes costs many times more than it does to fill it. A slab lives as long as anything that was cut out of it,
 * so what is kept and what is soon dropped should not come from the same.
 */
export class Slab {
  readonly #slabBytes: number
  readonly #largestCutBytes: number
  #slab = new Uint8Array(0)
  #cutBytes = 0

  constructor(slabBytes: number, largestCutBytes: number) {
    this.#slabBytes = slabBytes
    this.#largestCutBytes = largestCutBytes
  }

  /** Bytes that nobody else has, all of them zero. */
  take(length: number): Uint8Array {
    if (length > this.#largestCutBytes) return new Uint8Array(length)
    if (this.#cutBytes + length > this.#slab.length) {
      this.#slab = new Uint8Array(this.#slabBytes)
      this.#cutBytes = 0
    }
    this.#cutBytes += length
    return this.#slab.subarray(this.#cutBytes - length, this.#cutBytes)
  }
}
