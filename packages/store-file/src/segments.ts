import type { Extent } from './table-format.js'
import type { FileSystem } from './file-system.js'
import { FileOutput } from './file-output.js'
import { SharedFile } from './shared-file.js'
import { StoreError } from '@ds/core'
import { crc32c } from './crc32c.js'
import { errorCodeOf, readExactly } from './file-system.js'
import { segmentName } from './layout.js'

/** Bytes of a stream are stored in blocks, each behind its CRC-32C; they count from the start of the extent. */
const BLOCK_BYTES = 32 << 10
const SUM_BYTES = 4
const STORED_BLOCK_BYTES = BLOCK_BYTES + SUM_BYTES
const MAX_OPEN = 64
const TRAILER_BYTES = 16
const SEGMENT_MAGIC = 0x53474d54

/** Writes a segment: extents of many streams one after the other, then a list of their paths. */
export class SegmentWriter {
  readonly id: number
  /** Bytes of streams in it. */
  bytes = 0
  readonly #output: FileOutput
  readonly #paths: string[] = []
  #offset = 0
  #position = 0
  #length = 0
  #block: Uint8Array = new Uint8Array(0)
  #blockLength = 0

  private constructor(id: number, output: FileOutput) {
    this.id = id
    this.#output = output
  }

  static async create(fileSystem: FileSystem, id: number): Promise<SegmentWriter> {
    return new SegmentWriter(id, await FileOutput.create(fileSystem, segmentName(id)))
  }

  /** Begins an extent; one that was not ended is given up. */
  begin(path: string, position: number): void {
    this.#paths.push(path)
    this.#offset = this.#output.position
    this.#position = position
    this.#length = 0
    this.#blockLength = 0
  }

  async add(piece: Uint8Array): Promise<void> {
    let left = piece
    while (left.length > 0) {
      if (this.#blockLength === 0) {
        this.#block = new Uint8Array(SUM_BYTES + Math.min(BLOCK_BYTES, Math.max(left.length, 4096)))
        this.#blockLength = SUM_BYTES
      }
      if (this.#blockLength === this.#block.length && this.#block.length < STORED_BLOCK_BYTES)
        this.#growBlock()
      const fitting = left.subarray(0, this.#block.length - this.#blockLength)
      this.#block.set(fitting, this.#blockLength)
      this.#blockLength += fitting.length
      left = left.subarray(fitting.length)
      if (this.#blockLength === STORED_BLOCK_BYTES) await this.#endBlock()
    }
    this.#length += piece.length
  }

  async end(): Promise<Extent> {
    if (this.#blockLength > 0) await this.#endBlock()
    this.bytes += this.#length
    return { segment: this.id, offset: this.#offset, position: this.#position, length: this.#length }
  }

  /** Makes the segment durable. */
  async finish(): Promise<void> {
    const paths = Buffer.from(JSON.stringify(this.#paths))
    const trailer = Buffer.alloc(TRAILER_BYTES)
    trailer.writeUInt32LE(SEGMENT_MAGIC, 0)
    trailer.writeUInt32LE(crc32c(paths), 4)
    trailer.writeDoubleLE(paths.length, 8)
    await this.#output.add(paths)
    await this.#output.add(trailer)
    await this.#output.finish()
  }

  abandon(): Promise<void> {
    return this.#output.abandon()
  }

  #growBlock(): void {
    const larger = new Uint8Array(STORED_BLOCK_BYTES)
    larger.set(this.#block)
    this.#block = larger
  }

  async #endBlock(): Promise<void> {
    const block = this.#block.subarray(0, this.#blockLength)
    new DataView(block.buffer).setUint32(0, crc32c(block, 0, SUM_BYTES), true)
    this.#blockLength = 0
    await this.#output.add(block)
  }
}

/** Reads segments; keeps a bounded number of them open. */
export class SegmentFiles {
  readonly #fileSystem: FileSystem
  readonly #open = new Map<number, Promise<SharedFile>>()

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem
  }

  /**
   * Bytes of an extent from a position of the stream on, at most `limitBytes`. Null when the segment is gone.
   * Rejects with a StoreError `corrupt` when they are not what was written.
   */
  async read(extent: Extent, from: number, limitBytes: number): Promise<Uint8Array[] | null> {
    const relative = from - extent.position
    const end = Math.min(extent.length, relative + limitBytes)
    const firstBlock = Math.floor(relative / BLOCK_BYTES)
    const lastBlock = Math.floor((end - 1) / BLOCK_BYTES)
    const lastEnd = Math.min(extent.length, (lastBlock + 1) * BLOCK_BYTES)
    const stored = lastEnd - firstBlock * BLOCK_BYTES + (lastBlock - firstBlock + 1) * SUM_BYTES
    const offset = extent.offset + firstBlock * STORED_BLOCK_BYTES
    const bytes = await this.#use(extent.segment, (file) =>
      file.use((opened) => readExactly(opened, offset, stored)),
    )
    if (bytes === 'gone') return null
    if (bytes === null) throw damaged(extent.segment)
    const pieces: Uint8Array[] = []
    for (let block = firstBlock, at = 0; block <= lastBlock; block++, at += STORED_BLOCK_BYTES) {
      const content = bytes.subarray(at + SUM_BYTES, at + STORED_BLOCK_BYTES)
      const sum = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
      if (sum !== crc32c(content)) throw damaged(extent.segment)
      const start = block * BLOCK_BYTES
      pieces.push(content.subarray(Math.max(0, relative - start), end - start))
    }
    return pieces
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
        if (bytes === null || view.getUint32(4, true) !== crc32c(bytes)) return null
        return JSON.parse(Buffer.from(bytes).toString()) as string[]
      }),
    )
    if (paths === null || paths === 'gone') throw damaged(segment)
    return paths
  }

  /** Closes a segment, which is about to be removed. */
  async forget(segment: number): Promise<void> {
    const open = this.#open.get(segment)
    this.#open.delete(segment)
    if (open !== undefined) await open.then((file) => file.retire()).catch(() => undefined)
  }

  async close(): Promise<void> {
    for (const segment of [...this.#open.keys()]) await this.forget(segment)
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

function damaged(segment: number): StoreError {
  return new StoreError('corrupt', `${segmentName(segment)} is damaged`)
}
