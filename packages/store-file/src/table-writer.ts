import type { BlockEntry, Row, TableHead } from './table-format.js'
import type { FileSystem } from './file-system.js'
import {
  BLOCK_BYTES,
  ROW_HEADER_BYTES,
  encodeEntry,
  encodeFooter,
  encodeHead,
  encodeIndex,
} from './table-format.js'
import { FileOutput } from './file-output.js'
import { crc32 } from './crc32.js'
import { dueAt } from '@ds/core'
import { hashPath, makeFilter } from './path-filter.js'
import { tableName } from './layout.js'

const SUM_BYTES = 4
/** Blocks are ended by the row that makes them long enough; most rows fit into what is taken beyond that. */
const BLOCK_ROOM = BLOCK_BYTES + 2048
/** An UTF-16 unit takes at most so many bytes of UTF-8. */
const UNIT_BYTES = 3

/** Writes a table from rows that come in order. A promise means that it has to be waited for before the next row. */
export class TableWriter {
  readonly #output: FileOutput
  readonly #blocks: BlockEntry[] = []
  readonly #hashes: number[] = []
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_ROOM)
  #length = SUM_BYTES
  /** Where the path of the block's first row ends, and its key. */
  #firstPathEnd = 0
  #firstKeyEnd = 0
  #due = Infinity

  private constructor(output: FileOutput) {
    this.#output = output
  }

  static async create(fileSystem: FileSystem, id: number): Promise<TableWriter> {
    return new TableWriter(await FileOutput.create(fileSystem, tableName(id)))
  }

  /** Adds the row of a stream, after which those of its entries follow. */
  addHead(path: string, head: TableHead): Promise<void> | undefined {
    const due = head.record === null ? Infinity : dueAt(head.record, head.touchedAt)
    return this.#addText(path, '', encodeHead(head), due)
  }

  /** Adds the row of an entry, null when it was removed. */
  addEntry(path: string, key: string, streamId: string, value: string | null): Promise<void> | undefined {
    return this.#addText(path, key, encodeEntry(streamId, value), Infinity)
  }

  /** Adds a row of another table. */
  addRow(row: Row): Promise<void> | undefined {
    this.#takeRoom(row.length)
    row.copyTo(this.#block, this.#length)
    const pathEnd = this.#length + ROW_HEADER_BYTES + row.pathLength
    return this.#noteRow(pathEnd, pathEnd + row.keyLength, this.#length + row.length, row.due)
  }

  /** Makes the table durable. */
  async finish(): Promise<void> {
    if (this.#length > SUM_BYTES) await this.#endBlock()
    const filter = makeFilter(this.#hashes)
    const index = encodeIndex(this.#blocks)
    const filterOffset = this.#output.position
    const footer = { filterOffset, filterLength: filter.length, indexLength: index.length }
    await this.#output.add(filter)
    await this.#output.add(index)
    await this.#output.add(encodeFooter(footer, filter, index))
    await this.#output.finish()
  }

  abandon(): Promise<void> {
    return this.#output.abandon()
  }

  #addText(path: string, key: string, value: string, due: number): Promise<void> | undefined {
    this.#takeRoom(ROW_HEADER_BYTES + (path.length + key.length + value.length) * UNIT_BYTES)
    const pathAt = this.#length + ROW_HEADER_BYTES
    const pathEnd = pathAt + this.#block.write(path, pathAt)
    const keyEnd = key === '' ? pathEnd : pathEnd + this.#block.write(key, pathEnd)
    return this.#endRow(pathEnd, keyEnd, keyEnd + this.#block.write(value, keyEnd), due)
  }

  /** Makes the block larger if what comes next might not fit. */
  #takeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#block.length) return
    const larger = Buffer.allocUnsafeSlow((this.#length + bytes) * 2)
    this.#block.copy(larger, 0, 0, this.#length)
    this.#block = larger
  }

  /** Completes the row whose parts have been written. */
  #endRow(pathEnd: number, keyEnd: number, end: number, due: number): Promise<void> | undefined {
    const at = this.#length
    this.#block.writeUInt32LE(pathEnd - at - ROW_HEADER_BYTES, at)
    this.#block.writeUInt32LE(keyEnd - pathEnd, at + 4)
    this.#block.writeUInt32LE(end - keyEnd, at + 8)
    this.#block.writeDoubleLE(due, at + 12)
    return this.#noteRow(pathEnd, keyEnd, end, due)
  }

  /** Takes note of a row that stands behind the others. */
  #noteRow(pathEnd: number, keyEnd: number, end: number, due: number): Promise<void> | undefined {
    const at = this.#length
    const pathAt = at + ROW_HEADER_BYTES
    if (keyEnd === pathEnd) this.#hashes.push(hashPath(this.#block, pathAt, pathEnd))
    if (at === SUM_BYTES) {
      this.#firstPathEnd = pathEnd
      this.#firstKeyEnd = keyEnd
    }
    if (due < this.#due) this.#due = due
    this.#length = end
    return end >= BLOCK_BYTES ? this.#endBlock() : undefined
  }

  #endBlock(): Promise<void> | undefined {
    const block = this.#block.subarray(0, this.#length)
    block.writeUInt32LE(crc32(block, 0, SUM_BYTES), 0)
    this.#blocks.push({
      path: Buffer.from(block.subarray(SUM_BYTES + ROW_HEADER_BYTES, this.#firstPathEnd)),
      key: Buffer.from(block.subarray(this.#firstPathEnd, this.#firstKeyEnd)),
      offset: this.#output.position,
      length: block.length,
      due: this.#due,
    })
    this.#length = SUM_BYTES
    this.#due = Infinity
    return this.#output.add(block)
  }
}
