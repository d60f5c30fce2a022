/** That there is no block before. */
export const NO_BLOCK = -1

/** Some of a stream's bytes. It never moves, and what was written to it stays as it is. */
export interface Block {
  /** The position of its first byte in the stream. */
  readonly start: number
  readonly slab: Uint8Array
  readonly offset: number
  readonly size: number
}

const LARGEST_SHARED_BYTES = 1 << 20
const FIRST_SLAB_BYTES = 16 << 10
/** The numbers that tell of a full block: its start, the number of its slab, its offset and size, and the block before it. */
const ROW = 5
const FIRST_ROWS = 64

/**
 * Memory for the blocks of many streams, taken in large pieces: a typed array for each small block would cost more
 * than what is in it. Blocks that are full are rows of numbers, because the garbage collector would have to move as many
 * objects as there are. Everything is given back as a whole.
 */
export class ByteArena {
  readonly #slabs: Uint8Array[] = []
  #shared: Uint8Array = new Uint8Array(0)
  #sharedNumber = 0
  #used = 0
  #nextSlabBytes = FIRST_SLAB_BYTES
  #rows = new Float64Array(0)
  #rowCount = 0
  /** The piece in which the block is that was taken last, and its number. */
  slab: Uint8Array = this.#shared
  slabNumber = 0

  /** Takes so many bytes of memory; returns where in {@link slab} they begin. */
  take(bytes: number): number {
    if (bytes >= LARGEST_SHARED_BYTES) {
      this.slab = new Uint8Array(bytes)
      this.slabNumber = this.#slabs.push(this.slab) - 1
      return 0
    }
    if (this.#used + bytes > this.#shared.length) {
      this.#shared = new Uint8Array(Math.max(this.#nextSlabBytes, bytes))
      this.#sharedNumber = this.#slabs.push(this.#shared) - 1
      this.#nextSlabBytes = Math.min(LARGEST_SHARED_BYTES, this.#nextSlabBytes * 2)
      this.#used = 0
    }
    this.slab = this.#shared
    this.slabNumber = this.#sharedNumber
    const offset = this.#used
    this.#used += bytes
    return offset
  }

  /** Keeps in mind a block that is full, and which one was before it; returns what it is called from now on. */
  remember(start: number, slabNumber: number, offset: number, size: number, before: number): number {
    const at = this.#rowCount * ROW
    if (at === this.#rows.length) this.#growRows()
    const rows = this.#rows
    rows[at] = start
    rows[at + 1] = slabNumber
    rows[at + 2] = offset
    rows[at + 3] = size
    rows[at + 4] = before
    return this.#rowCount++
  }

  /** The blocks from the one that holds a position to the given one, or all of them that are at or behind it. */
  blocksFrom(position: number, last: number): Block[] {
    const rows = this.#rows
    const blocks: Block[] = []
    for (let block = last; block !== NO_BLOCK; block = rows[block * ROW + 4]!) {
      const at = block * ROW
      const start = rows[at]!
      blocks.push({ start, slab: this.#slabs[rows[at + 1]!]!, offset: rows[at + 2]!, size: rows[at + 3]! })
      if (start <= position) break
    }
    return blocks.reverse()
  }

  #growRows(): void {
    const former = this.#rows
    this.#rows = new Float64Array(Math.max(FIRST_ROWS * ROW, former.length * 2))
    this.#rows.set(former)
  }
}
