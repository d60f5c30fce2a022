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
  /** Where the block begins in the output's chunk, how much was taken for it, and how much of that is filled. */
  #blockAt = 0
  #blockRoom = 0
  #blockLength = 0

  private constructor(id: number, output: FileOutput) {
    this.id = id
    this.#output = output
  }

  static async create(fileSystem: FileSystem, id: number): Promise<SegmentWriter> {
    return new SegmentWriter(id, await FileOutput.create(fileSystem, segmentName(id)))
  }

  /** Whether there is enough to be written, which `flush` does. */
  get isFull(): boolean {
    return this.#output.isFull
  }

  flush(): Promise<void> {
    return this.#output.flush()
  }

  /** Adds a whole extent that fits into one block. */
  addShort(path: string, position: number, length: number, pieces: readonly Uint8Array[]): Extent {
    const offset = this.#output.position
    const at = this.#output.take(SUM_BYTES + length)
    const { chunk } = this.#output
    let end = at + SUM_BYTES
    for (const piece of pieces) {
      chunk.set(piece, end)
      end += piece.length
    }
    chunk.writeUInt32LE(crc32(chunk, 0, at + SUM_BYTES, end), at)
    this.#paths.push(path)
    this.bytes += length
    return { segment: this.id, offset, position, length }
  }

  /** Begins an extent of so many bytes; one that was not ended is given up. */
  begin(path: string, position: number, length: number): void {
    if (this.#blockLength > 0) this.#output.giveBack(this.#blockRoom)
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
      this.#blockRoom = SUM_BYTES + Math.min(BLOCK_BYTES, Math.max(1, this.#left))
      this.#blockAt = this.#output.take(this.#blockRoom)
      this.#blockLength = SUM_BYTES
    }
    return this.#blockRoom - this.#blockLength
  }

  #take(piece: Uint8Array): void {
    this.#output.chunk.set(piece, this.#blockAt + this.#blockLength)
    this.#blockLength += piece.length
    this.#length += piece.length
    this.#left -= piece.length
  }

  #endBlock(): Promise<void> | undefined {
    const { chunk } = this.#output
    const end = this.#blockAt + this.#blockLength
    chunk.writeUInt32LE(crc32(chunk, 0, this.#blockAt + SUM_BYTES, end), this.#blockAt)
    if (this.#blockLength < this.#blockRoom) this.#output.giveBack(this.#blockRoom - this.#blockLength)
    this.#blockLength = 0
    return this.#output.isFull ? this.#output.flush() : undefined
  }
}
