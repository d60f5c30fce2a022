const FIRST_BLOCK_BYTES = 256
const LARGEST_BLOCK_BYTES = 1 << 20

interface Block {
  readonly start: number
  readonly bytes: Uint8Array
  used: number
}

/**
 * Bytes of one stream that are not in a segment yet, in blocks that grow with it and never move, so that reads are
 * views instead of copies.
 */
export class ByteLog {
  /** The position of the first byte. */
  readonly from: number
  /** The position after the last one. */
  tail: number
  readonly #blocks: Block[] = []

  constructor(from: number) {
    this.from = from
    this.tail = from
  }

  append(piece: Uint8Array): void {
    let left = piece
    while (left.length > 0) {
      const block = this.#blockWithRoom(left.length)
      const fitting = left.subarray(0, block.bytes.length - block.used)
      block.bytes.set(fitting, block.used)
      block.used += fitting.length
      this.tail += fitting.length
      left = left.subarray(fitting.length)
    }
  }

  /** Views of the bytes from `from` on, at most `limitBytes` of them. */
  read(from: number, limitBytes: number): Uint8Array[] {
    const end = Math.min(this.tail, from + limitBytes)
    const pieces: Uint8Array[] = []
    for (let i = this.#findBlock(from); i < this.#blocks.length; i++) {
      const { start, bytes, used } = this.#blocks[i]!
      if (start >= end) break
      pieces.push(bytes.subarray(Math.max(from, start) - start, Math.min(end - start, used)))
    }
    return pieces
  }

  #blockWithRoom(wanted: number): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.used < last.bytes.length) return last
    const size = Math.min(LARGEST_BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.tail - this.from, wanted))
    const block = { start: this.tail, bytes: new Uint8Array(size), used: 0 }
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
