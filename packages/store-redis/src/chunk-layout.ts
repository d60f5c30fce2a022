/**
 * A stream's bytes are in strings of bounded size, the chunks. The first ones are small and later ones larger, so
 * that the room which the last one has in reserve is a small part of the whole, and a long stream has few keys.
 *
 * A full chunk takes 64 bytes less than a power of two, so that with its header it fits a size class of the
 * allocator. The layout is part of the stored form and never changes.
 */
const HEADER_BYTES = 64
const LEVELS: readonly (readonly [count: number, bytes: number])[] = [
  [8, 4 << 10],
  [4, 8 << 10],
  [4, 16 << 10],
  [4, 32 << 10],
  [4, 64 << 10],
  [4, 128 << 10],
  [4, 256 << 10],
]
/** The room of a chunk from {@link CHUNK_STARTS}' last one on. */
export const LARGEST_CHUNK_BYTES: number = (512 << 10) - HEADER_BYTES

/** Where the chunks of the levels start; the last element is where the largest ones begin. */
export const CHUNK_STARTS: readonly number[] = chunkStarts()
const FIRST_LARGEST = CHUNK_STARTS.length - 1

/** A part of one chunk. */
export interface ChunkRange {
  readonly index: number
  /** Where in the chunk. */
  readonly offset: number
  readonly length: number
  /** Whether the range reaches the end of the chunk's room. */
  readonly fills: boolean
}

/** The chunks that hold a range of bytes, counted from the first byte of the incarnation. */
export function chunkRanges(from: number, length: number): ChunkRange[] {
  const ranges: ChunkRange[] = []
  let at = from
  let left = length
  for (let index = chunkIndexOf(from); left > 0; index++) {
    const offset = at - chunkStart(index)
    const room = chunkStart(index + 1) - at
    const taken = Math.min(room, left)
    ranges.push({ index, offset, length: taken, fills: taken === room })
    at += taken
    left -= taken
  }
  return ranges
}

/** The chunk that a byte is in, counted from the first byte of the incarnation. */
export function chunkAt(at: number): {
  readonly index: number
  readonly start: number
  readonly end: number
} {
  const index = chunkIndexOf(at)
  return { index, start: chunkStart(index), end: chunkStart(index + 1) }
}

/** How many chunks hold a number of bytes. */
export function chunkCount(bytes: number): number {
  return bytes === 0 ? 0 : chunkIndexOf(bytes - 1) + 1
}

function chunkStart(index: number): number {
  if (index <= FIRST_LARGEST) return CHUNK_STARTS[index]!
  return CHUNK_STARTS[FIRST_LARGEST]! + (index - FIRST_LARGEST) * LARGEST_CHUNK_BYTES
}

function chunkIndexOf(at: number): number {
  const beyond = at - CHUNK_STARTS[FIRST_LARGEST]!
  if (beyond >= 0) return FIRST_LARGEST + Math.floor(beyond / LARGEST_CHUNK_BYTES)
  let low = 0
  let high = FIRST_LARGEST - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (CHUNK_STARTS[middle]! <= at) low = middle
    else high = middle - 1
  }
  return low
}

function chunkStarts(): number[] {
  const starts = [0]
  for (const [count, bytes] of LEVELS) {
    for (let i = 0; i < count; i++) starts.push(starts.at(-1)! + bytes - HEADER_BYTES)
  }
  return starts
}
