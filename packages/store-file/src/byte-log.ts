const FIRST_BLOCK_BYTES = 64
const LARGEST_BLOCK_BYTES = 1 << 20
const FIRST_SLAB_BYTES = 16 << 10

/**
 * Memory for the blocks of many streams, taken in large pieces: a typed array for each small block would cost more
 * than what is in it. It is given back as a whole.
 */
export class ByteArena {
  #slab: Uint8Array = new Uint8Array(0)
  #used = 0
  #nextSlabBytes = FIRST_SLAB_BYTES

  /** Where `bytes` bytes of memory are. */
  take(bytes: number): { readonly slab: Uint8Array; readonly offset: number } {
    if (bytes >= LARGEST_BLOCK_BYTES) return { slab: new Uint8Array(bytes), offset: 0 }
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(this.#nextSlabBytes, bytes))
      this.#nextSlabBytes = Math.min(LARGEST_BLOCK_BYTES, this.#nextSlabBytes * 2)
      this.#used = 0
    }
    const offset = this.#used
    this.#used += bytes
    return { slab: this.#slab, offset }
  }
}

interface Block {
  /** The position of its first byte in the stream. */
  readonly start: number
  readonly slab: Uint8Array
  readonly offset: number
  readonly size: number
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
  readonly #arena: ByteArena
  readonly #blocks: Block[] = []

  constructor(from: number, arena: ByteArena) {
    this.from = from
    this.tail = from
    this.#arena = arena
  }

  append(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const block = this.#blockWithRoom(piece.length - at)
      const length = Math.min(piece.length - at, block.size - block.used)
      block.slab.set(
        length === piece.length ? piece : piece.subarray(at, at + length),
        block.offset + block.used,
      )
      block.used += length
      this.tail += length
      at += length
    }
  }

  /** Views of the bytes from `from` on, at most `limitBytes` of them. */
  read(from: number, limitBytes: number): Uint8Array[] {
    const end = Math.min(this.tail, from + limitBytes)
    const pieces: Uint8Array[] = []
    for (let i = this.#findBlock(from); i < this.#blocks.length; i++) {
      const { start, slab, offset, used } = this.#blocks[i]!
      if (start >= end) break
      const first = Math.max(from, start) - start
      pieces.push(slab.subarray(offset + first, offset + Math.min(end - start, used)))
    }
    return pieces
  }

  #blockWithRoom(wanted: number): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.used < last.size) return last
    const size = Math.min(LARGEST_BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.tail - this.from, wanted))
    const { slab, offset } = this.#arena.take(size)
    const block = { start: this.tail, slab, offset, size, used: 0 }
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
