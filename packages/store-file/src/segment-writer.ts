import type { Extent } from './table-format.js'
import type { FileSystem } from './file-system.js'
import { BLOCK_BYTES, SEGMENT_MAGIC, STORED_BLOCK_BYTES, SUM_BYTES, TRAILER_BYTES } from './segment-format.js'
import { FileOutput } from './file-output.js'
import { crc32 } from './crc32.js'
import { segmentName } from './layout.js'

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
  /** How many bytes of the extent are still to come. */
  #left = 0
  #block: Buffer = Buffer.alloc(0)
  #blockLength = 0

  private constructor(id: number, output: FileOutput) {
    this.id = id
    this.#output = output
  }

  static async create(fileSystem: FileSystem, id: number): Promise<SegmentWriter> {
    return new SegmentWriter(id, await FileOutput.create(fileSystem, segmentName(id)))
  }

  /** Begins an extent of so many bytes; one that was not ended is given up. */
  begin(path: string, position: number, length: number): void {
    this.#paths.push(path)
    this.#left = length
    this.#offset = this.#output.position
    this.#position = position
    this.#length = 0
    this.#blockLength = 0
  }

  /** Adds bytes to the extent. A promise means that there is enough to be written first. */
  add(piece: Uint8Array): Promise<void> | undefined {
    const room = this.#roomInBlock()
    if (piece.length > room) return this.#addAll(piece)
    this.#take(piece)
    return this.#blockLength === STORED_BLOCK_BYTES ? this.#endBlock() : undefined
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
    trailer.writeUInt32LE(crc32(paths), 4)
    trailer.writeDoubleLE(paths.length, 8)
    await this.#output.add(paths)
    await this.#output.add(trailer)
    await this.#output.finish()
  }

  abandon(): Promise<void> {
    return this.#output.abandon()
  }

  async #addAll(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length;) {
      const fitting = piece.subarray(at, at + this.#roomInBlock())
      this.#take(fitting)
      at += fitting.length
      if (this.#blockLength === STORED_BLOCK_BYTES) await this.#endBlock()
    }
  }

  /** How much fits into the current block, which is made as large as what is left of the extent. */
  #roomInBlock(): number {
    if (this.#blockLength === 0) {
      this.#block = Buffer.allocUnsafe(SUM_BYTES + Math.min(BLOCK_BYTES, Math.max(1, this.#left)))
      this.#blockLength = SUM_BYTES
    }
    return this.#block.length - this.#blockLength
  }

  #take(piece: Uint8Array): void {
    this.#block.set(piece, this.#blockLength)
    this.#blockLength += piece.length
    this.#length += piece.length
    this.#left -= piece.length
  }

  #endBlock(): Promise<void> | undefined {
    const block = this.#block.subarray(0, this.#blockLength)
    block.writeUInt32LE(crc32(block, 0, SUM_BYTES), 0)
    this.#blockLength = 0
    return this.#output.add(block)
  }
}
