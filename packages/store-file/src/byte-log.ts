/** Room for some short messages, as what is appended once is appended again. */
const FIRST_BLOCK_BYTES = 256
/** The first block is not made longer than this because of what is expected. */
const MOST_EXPECTED_BYTES = 1024
const LARGEST_BLOCK_BYTES = 1 << 20
const FIRST_SLAB_BYTES = 16 << 10

/**
 * Memory for the blocks of many streams, taken in large pieces: a typed array for each small block would cost more
 * than what is in it. It is given back as a whole.
 */
export class ByteArena {
  /** The piece in which the block is that was taken last. */
  slab: Uint8Array = new Uint8Array(0)
  #shared: Uint8Array = this.slab
  #used = 0
  #nextSlabBytes = FIRST_SLAB_BYTES

  /** Takes so many bytes of memory; returns where in {@link slab} they begin. */
  take(bytes: number): number {
    if (bytes >= LARGEST_BLOCK_BYTES) {
      this.slab = new Uint8Array(bytes)
      return 0
    }
    if (this.#used + bytes > this.#shared.length) {
      this.#shared = new Uint8Array(Math.max(this.#nextSlabBytes, bytes))
      this.#nextSlabBytes = Math.min(LARGEST_BLOCK_BYTES, this.#nextSlabBytes * 2)
      this.#used = 0
    }
    this.slab = this.#shared
    const offset = this.#used
    this.#used += bytes
    return offset
  }
}

/** Some of a stream's bytes. It never moves, and what was written to it stays as it is. */
interface Block {
  /** The position of its first byte in the stream. */
  readonly start: number
  readonly slab: Uint8Array
  readonly offset: number
  readonly size: number
}

/**
 * Bytes of one stream that are not in a segment yet, in blocks that grow with it and never move, so that reads are
 * views instead of copies. The last block's parts are fields, because most streams have no other one.
 */
export class ByteLog {
  /** The position of the first byte. */
  from: number
  /** The position after the last one. */
  tail: number
  readonly #expectedBytes: number
  #start: number
  #slab: Uint8Array | null = null
  #offset = 0
  #size = 0
  /** The blocks before the last one; null while there are none. */
  #full: Block[] | null = null

  /** @param expectedBytes how many bytes will come, as far as that can be guessed: they then stand together */
  constructor(from: number, expectedBytes = 0) {
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
    this.#full = null
  }

  /** Adds bytes; new blocks are taken from the arena. */
  append(piece: Uint8Array, arena: ByteArena): void {
    for (let at = 0; at < piece.length;) {
      const left = piece.length - at
      if (this.#start + this.#size === this.tail) this.#beginBlock(left, arena)
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
    const full = this.#full ?? []
    for (let i = findBlock(full, from); i < full.length; i++) addView(pieces, full[i]!, from, end)
    if (this.#slab !== null) addView(pieces, this.#last(this.#slab), from, end)
    return pieces
  }

  #beginBlock(wanted: number, arena: ByteArena): void {
    if (this.#slab !== null) {
      const last = this.#last(this.#slab)
      // Most have one block or two, and an array that is pushed to has room for many.
      if (this.#full === null) this.#full = [last]
      else this.#full.push(last)
    }
    const doubled = Math.max(FIRST_BLOCK_BYTES, this.#expectedBytes, this.length, wanted)
    this.#size = Math.min(LARGEST_BLOCK_BYTES, doubled)
    this.#offset = arena.take(this.#size)
    this.#slab = arena.slab
    this.#start = this.tail
  }

  #last(slab: Uint8Array): Block {
    return { start: this.#start, slab, offset: this.#offset, size: this.#size }
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
