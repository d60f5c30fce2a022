import { Slab } from '@ds/core'

const FIRST_BLOCK_BYTES = 256
const LARGEST_BLOCK_BYTES = 1 << 20
const blocks = new Slab(8 << 10, 1 << 10)

/** Some of a stream's bytes. It never moves, and what was written to it stays as it is. */
interface Block {
  readonly start: number
  readonly bytes: Uint8Array
}

/**
 * The bytes of one stream, in blocks that grow with it and never move, so that reads hand out views instead of
 * copies. The last block's parts are fields, because each append to one of very many streams pays for every object
 * that it has to look at.
 */
export class ByteLog {
  readonly #base: number
  #tail: number
  #last: Uint8Array | null = null
  #lastStart: number
  /** The blocks before the last one; null while there are none. */
  #full: Block[] | null = null

  /** @param base the position of the first byte */
  constructor(base: number) {
    this.#base = base
    this.#tail = base
    this.#lastStart = base
  }

  append(piece: Uint8Array): void {
    let written = 0
    while (written < piece.length) {
      const left = piece.length - written
      const block = this.#blockWithRoom(left)
      const used = this.#tail - this.#lastStart
      const fitting = Math.min(left, block.length - used)
      block.set(fitting === piece.length ? piece : piece.subarray(written, written + fitting), used)
      this.#tail += fitting
      written += fitting
    }
  }

  /** Views of the bytes from `from` on, at most `limitBytes` of them. */
  read(from: number, limitBytes: number): Uint8Array[] {
    const end = Math.min(this.#tail, from + limitBytes)
    const pieces: Uint8Array[] = []
    const full = this.#full ?? []
    for (let i = findBlock(full, from); i < full.length; i++) addView(pieces, full[i]!, from, end)
    if (this.#last !== null) addView(pieces, { start: this.#lastStart, bytes: this.#last }, from, end)
    return pieces
  }

  #blockWithRoom(wanted: number): Uint8Array {
    const last = this.#last
    if (last !== null) {
      if (this.#tail - this.#lastStart < last.length) return last
      this.#full ??= []
      this.#full.push({ start: this.#lastStart, bytes: last })
    }
    const doubled = Math.max(FIRST_BLOCK_BYTES, this.#tail - this.#base, wanted)
    this.#lastStart = this.#tail
    return (this.#last = blocks.take(Math.min(LARGEST_BLOCK_BYTES, doubled)))
  }
}

/** Adds what a block has of the bytes in [from, end), if anything. */
function addView(pieces: Uint8Array[], { start, bytes }: Block, from: number, end: number): void {
  const first = Math.max(from - start, 0)
  const last = Math.min(end - start, bytes.length)
  if (first < last) pieces.push(bytes.subarray(first, last))
}

/** The index of the block that holds a position, by halving; 0 when there is none. */
function findBlock(blocks: readonly Block[], position: number): number {
  let low = 0
  let high = blocks.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (blocks[middle]!.start <= position) low = middle
    else high = middle - 1
  }
  return low
}
