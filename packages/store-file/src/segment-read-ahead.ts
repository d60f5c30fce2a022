import type { BlockRange } from './segment-format.js'
import type { Extent } from './table-format.js'
import type { SegmentFiles } from './segments.js'
import { BLOCK_BYTES, SUM_BYTES, blocksOf, openBlocks } from './segment-format.js'
import { crc32 } from './crc32.js'

const SMALLEST_WINDOW = 4 << 10
const LARGEST_WINDOW = 256 << 10
const MAX_WINDOWS = 32

interface Window {
  readonly at: number
  readonly bytes: Buffer
}

/**
 * Reads extents of many streams in the order of their paths, in which segments have them: so what is read next is
 * often just behind, and is read together with what is asked for.
 */
export class SegmentReadAhead {
  readonly #segments: SegmentFiles
  readonly #windows = new Map<number, Window>()

  constructor(segments: SegmentFiles) {
    this.#segments = segments
  }

  /** All of an extent that has one block, if that is at hand and what was written. */
  atHand(extent: Extent): Uint8Array | undefined {
    const window = this.#windows.get(extent.segment)
    if (window === undefined || extent.length > BLOCK_BYTES) return undefined
    const from = extent.offset - window.at
    const to = from + SUM_BYTES + extent.length
    if (from < 0 || to > window.bytes.length) return undefined
    const sum = window.bytes.readUInt32LE(from)
    return sum === crc32(window.bytes, 0, from + SUM_BYTES, to)
      ? window.bytes.subarray(from + SUM_BYTES, to)
      : undefined
  }

  /** As `SegmentFiles.read`; at once when the bytes are at hand. */
  read(extent: Extent, from: number, limitBytes: number): Uint8Array[] | Promise<Uint8Array[] | null> {
    const range = blocksOf(extent, from, limitBytes)
    const window = this.#windows.get(range.segment)
    if (window !== undefined) {
      const start = range.offset - window.at
      if (start >= 0 && start + range.length <= window.bytes.length)
        return openBlocks(window.bytes.subarray(start, start + range.length), range)
    }
    return this.#readOn(range, window)
  }

  async #readOn(range: BlockRange, before: Window | undefined): Promise<Uint8Array[] | null> {
    const bytes = await this.#segments.readStored(range, nextSize(range.offset, before))
    if (bytes === null) return null
    this.#windows.delete(range.segment)
    this.#windows.set(range.segment, { at: range.offset, bytes })
    if (this.#windows.size > MAX_WINDOWS) {
      for (const oldest of this.#windows.keys()) {
        this.#windows.delete(oldest)
        break
      }
    }
    return openBlocks(bytes.subarray(0, range.length), range)
  }
}

/** Windows grow while what is wanted lies soon behind the one before. */
function nextSize(offset: number, before: Window | undefined): number {
  if (before === undefined) return SMALLEST_WINDOW
  const end = before.at + before.bytes.length
  const isNear = offset >= before.at && offset < end + before.bytes.length
  return isNear ? Math.min(LARGEST_WINDOW, before.bytes.length * 2) : SMALLEST_WINDOW
}
