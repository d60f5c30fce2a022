import type { Block, ByteArena } from './byte-arena.js'
import { NO_BLOCK } from './byte-arena.js'

/** Room for some short messages, as what is appended once is appended again. */
const FIRST_BLOCK_BYTES = 256
/** The first block is not made longer than this because of what is expected. */
const MOST_EXPECTED_BYTES = 1024
const LARGEST_BLOCK_BYTES = 1 << 20

/**
 * Bytes of one stream that are not in a segment yet, in blocks that grow with it and never move, so that reads are
 * views instead of copies. The last block's parts are fields here; the arena knows those before it.
 */
export class ByteLog {
  readonly #arena: ByteArena
  /** The position of the first byte. */
  from = 0
  /** The position after the last one. */
  tail = 0
  readonly #expectedBytes: number
  #start = 0
  #slab: Uint8Array | null = null
  #slabNumber = 0
  #offset = 0
  #size = 0
  /** The block before the last one. */
  #before = NO_BLOCK

  /**
   * @param arena where blocks are taken from
   * @param expectedBytes how many bytes will come, as far as that can be guessed: they then stand together
   */
  constructor(arena: ByteArena, from: number, expectedBytes = 0) {
    this.#arena = arena
    this.from = from
    this.tail = from
    this.#start = from
    this.#expectedBytes = Math.min(expectedBytes, MOST_EXPECTED_BYTES)
  }

  get length(): number {
    return this.tail - this.from
  }

  /** Forgets everything, and goes on from another position. */
  beginAt(position: number): void {
    this.from = position
    this.tail = position
    this.#start = position
    this.#slab = null
    this.#size = 0
    this.#before = NO_BLOCK
  }

  /** Adds bytes. */
  append(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const left = piece.length - at
      if (this.#start + this.#size === this.tail) this.#beginBlock(left)
      const used = this.tail - this.#start
      const length = Math.min(left, this.#size - used)
      this.#slab!.set(length === piece.length ? piece : piece.subarray(at, at + length), this.#offset + used)
      this.tail += length
      at += length
    }
  }

  /** Views of the bytes from `from` on, at most `limitBytes` of them. */
  read(from: number, limitBytes: number): Uint8Array[] {
    const end = Math.min(this.tail, from + limitBytes)
    const pieces: Uint8Array[] = []
    if (this.#slab === null) return pieces
    if (from < this.#start)
      for (const block of this.#arena.blocksFrom(from, this.#before)) addView(pieces, block, from, end)
    addView(
      pieces,
      { start: this.#start, slab: this.#slab, offset: this.#offset, size: this.#size },
      from,
      end,
    )
    return pieces
  }

  #beginBlock(wanted: number): void {
    const arena = this.#arena
    if (this.#slab !== null) {
      this.#before = arena.remember(this.#start, this.#slabNumber, this.#offset, this.#size, this.#before)
    }
    const doubled = Math.max(FIRST_BLOCK_BYTES, this.#expectedBytes, this.length, wanted)
    this.#size = Math.min(LARGEST_BLOCK_BYTES, doubled)
    this.#offset = arena.take(this.#size)
    this.#slab = arena.slab
    this.#slabNumber = arena.slabNumber
    this.#start = this.tail
  }
}

/** Adds a view of what a block has of the bytes in [from, end), if anything. */
function addView(
  pieces: Uint8Array[],
  { start, slab, offset, size }: Block,
  from: number,
  end: number,
): void {
  const first = Math.max(from - start, 0)
  const last = Math.min(end - start, size)
  if (first < last) pieces.push(slab.subarray(offset + first, offset + last))
}
