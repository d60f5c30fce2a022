const FIRST_BLOCK_BYTES = 256
const LARGEST_BLOCK_BYTES = 1 << 20

/**
 * The bytes of one stream, in blocks that grow with it and never move: what was written stays where it is, so
 * reads hand out views instead of copies.
 */
export class ByteLog {
  readonly #base: number
  readonly #blocks: { readonly start: number; readonly bytes: Uint8Array; used: number }[] = []
  #tail: number

  /** @param base the position of the first byte */
  constructor(base: number) {
    this.#base = base
    this.#tail = base
  }

  append(piece: Uint8Array): void {
    let left = piece
    while (left.length > 0) {
      const block = this.#blockWithRoom(left.length)
      const fitting = left.subarray(0, block.bytes.length - block.used)
      block.bytes.set(fitting, block.used)
      block.used += fitting.length
      this.#tail += fitting.length
      left = left.subarray(fitting.length)
    }
  }

  /** Views of the bytes from `from` on, at most `limitBytes` of them. */
  read(from: number, limitBytes: number): Uint8Array[] {
    const end = Math.min(this.#tail, from + limitBytes)
    const pieces: Uint8Array[] = []
    for (let i = this.#findBlock(from); i < this.#blocks.length; i++) {
      const { start, bytes } = this.#blocks[i]!
      if (start >= end) break
      pieces.push(bytes.subarray(Math.max(from, start) - start, Math.min(end - start, bytes.length)))
    }
    return pieces
  }

  #blockWithRoom(wanted: number): { bytes: Uint8Array; used: number } {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.used < last.bytes.length) return last
    const doubled = Math.max(FIRST_BLOCK_BYTES, this.#tail - this.#base, wanted)
    const bytes = new Uint8Array(Math.min(LARGEST_BLOCK_BYTES, doubled))
    const block = { start: this.#tail, bytes, used: 0 }
    this.#blocks.push(block)
    return block
  }

  /** The index of the block that holds a position, by halving. */
  #findBlock(position: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#blocks[middle]!.start <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}
