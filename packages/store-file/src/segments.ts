import type { BlockRange } from './segment-format.js'
import type { Extent } from './table-format.js'
import type { FileSystem } from './file-system.js'
import {
  BLOCK_BYTES,
  SEGMENT_MAGIC,
  STORED_BLOCK_BYTES,
  TRAILER_BYTES,
  blocksOf,
  damaged,
  openBlocks,
} from './segment-format.js'
import { ReadCache } from './read-cache.js'
import { SharedFile } from './shared-file.js'
import { crc32 } from './crc32.js'
import { errorCodeOf, readExactly } from './file-system.js'
import { segmentName } from './layout.js'

const MAX_OPEN = 64
/** What is read at once, and kept for others, when somebody reads much of it: a whole number of blocks. */
const PART_BYTES = 32 * BLOCK_BYTES
const MUCH_BYTES = 256 << 10

/** Reads segments; keeps a bounded number of them open, and what was read last. */
export class SegmentFiles {
  readonly #fileSystem: FileSystem
  readonly #open = new Map<number, Promise<SharedFile>>()
  readonly #cache: ReadCache

  /** @param cacheBytes how much of what was read is kept */
  constructor(fileSystem: FileSystem, cacheBytes: number) {
    this.#fileSystem = fileSystem
    this.#cache = new ReadCache(cacheBytes)
  }

  /**
   * Bytes of an extent from a position of the stream on, at least one, at most `limitBytes`. Null when the segment is
   * gone. Rejects with a StoreError `corrupt` when they are not what was written.
   */
  async read(extent: Extent, from: number, limitBytes: number): Promise<Uint8Array[] | null> {
    const part = partAt(extent, from)
    const at = from - part.position
    const length = Math.min(limitBytes, part.length - at)
    let reading = this.#cache.get(part.segment, part.offset)
    if (reading === undefined) {
      const isWorthKeeping = length >= MUCH_BYTES && part.length <= this.#cache.maxBytes
      if (!isWorthKeeping) return this.#readBlocks(extent, from, limitBytes)
      reading = this.#readBlocks(part, part.position, part.length)
      this.#cache.keep(part.segment, part.offset, part.length, reading)
    }
    // What failed may lie in blocks that were not asked for.
    const blocks = await reading.catch(() => undefined)
    if (blocks === undefined) return this.#readBlocks(extent, from, limitBytes)
    return blocks === null ? null : cutOut(blocks, at, length)
  }

  /**
   * What stands in a segment where a range begins: its `range.length` bytes, and more up to `wanted`. Null when the
   * segment is gone. Rejects with a StoreError `corrupt` when it ends before.
   */
  async readStored(range: BlockRange, wanted: number): Promise<Buffer | null> {
    const into = Buffer.allocUnsafeSlow(Math.max(wanted, range.length))
    const got = await this.#use(range.segment, (file) =>
      file.use((opened) => opened.read(into, range.offset)),
    )
    if (got === 'gone') return null
    if (got < range.length) throw damaged(range.segment)
    return into.subarray(0, got)
  }

  /** The paths of streams that had bytes in a segment when it was written. */
  async pathsIn(segment: number): Promise<string[]> {
    const paths = await this.#use(segment, (file) =>
      file.use(async (opened) => {
        const size = await opened.size()
        const trailer =
          size < TRAILER_BYTES ? null : await readExactly(opened, size - TRAILER_BYTES, TRAILER_BYTES)
        if (trailer === null) return null
        const view = new DataView(trailer.buffer)
        const length = view.getFloat64(8, true)
        if (view.getUint32(0, true) !== SEGMENT_MAGIC || !(length >= 0 && length <= size)) return null
        const bytes = await readExactly(opened, size - TRAILER_BYTES - length, length)
        if (bytes === null || view.getUint32(4, true) !== crc32(bytes)) return null
        return JSON.parse(Buffer.from(bytes).toString()) as string[]
      }),
    )
    if (paths === null || paths === 'gone') throw damaged(segment)
    return paths
  }

  /** Closes a segment, which is about to be removed. */
  async forget(segment: number): Promise<void> {
    this.#cache.forget(segment)
    const open = this.#open.get(segment)
    this.#open.delete(segment)
    if (open !== undefined) await open.then((file) => file.retire()).catch(() => undefined)
  }

  async close(): Promise<void> {
    for (const segment of [...this.#open.keys()]) await this.forget(segment)
  }

  async #readBlocks(extent: Extent, from: number, limitBytes: number): Promise<Uint8Array[] | null> {
    const range = blocksOf(extent, from, limitBytes)
    const stored = await this.readStored(range, range.length)
    return stored === null ? null : openBlocks(stored, range)
  }

  async #use<T>(segment: number, work: (file: SharedFile) => Promise<T>): Promise<T | 'gone'> {
    try {
      for (;;) {
        const file = await this.#opened(segment)
        if (!file.isClosed) return await work(file)
      }
    } catch (error) {
      if (errorCodeOf(error) === 'ENOENT') return 'gone'
      throw error
    }
  }

  /** The open segment that was used longest ago makes room for another one. */
  #opened(segment: number): Promise<SharedFile> {
    const found = this.#open.get(segment)
    if (found !== undefined) {
      this.#open.delete(segment)
      this.#open.set(segment, found)
      return found
    }
    const opening = this.#fileSystem.open(segmentName(segment), 'read').then((file) => new SharedFile(file))
    this.#open.set(segment, opening)
    opening.catch(() => this.#open.delete(segment))
    if (this.#open.size > MAX_OPEN) {
      for (const oldest of this.#open.keys()) {
        void this.forget(oldest)
        break
      }
    }
    return opening
  }
}

/** The part of an extent that holds a position, as an extent of its own. */
function partAt({ segment, offset, position, length }: Extent, at: number): Extent {
  const number = Math.floor((at - position) / PART_BYTES)
  const start = number * PART_BYTES
  return {
    segment,
    offset: offset + (start / BLOCK_BYTES) * STORED_BLOCK_BYTES,
    position: position + start,
    length: Math.min(PART_BYTES, length - start),
  }
}

/** `length` bytes from `at` on, of blocks all of which but the last are full. */
function cutOut(blocks: readonly Uint8Array[], at: number, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let skip = at % BLOCK_BYTES
  let left = length
  for (let i = Math.floor(at / BLOCK_BYTES); left > 0; i++) {
    const piece = blocks[i]!.subarray(skip, skip + left)
    pieces.push(piece)
    left -= piece.length
    skip = 0
  }
  return pieces
}
