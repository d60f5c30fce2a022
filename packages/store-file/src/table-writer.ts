import type { BlockEntry, Row } from './table-format.js'
import type { FileSystem } from './file-system.js'
import { BLOCK_BYTES, encodeFooter, encodeIndex, encodeRow } from './table-format.js'
import { FileOutput } from './file-output.js'
import { crc32 } from './crc32.js'
import { hashPath, makeFilter } from './path-filter.js'
import { tableName } from './layout.js'

/** Writes a table from rows that come in order. */
export class TableWriter {
  readonly #output: FileOutput
  readonly #blocks: BlockEntry[] = []
  readonly #hashes: number[] = []
  #rows: Buffer[] = []
  #rowBytes = 0
  #first: Row | null = null
  #due = Infinity

  private constructor(output: FileOutput) {
    this.#output = output
  }

  static async create(fileSystem: FileSystem, id: number): Promise<TableWriter> {
    return new TableWriter(await FileOutput.create(fileSystem, tableName(id)))
  }

  /** A promise means that it has to be waited for before the next row. */
  add(row: Row): Promise<void> | undefined {
    this.#first ??= row
    if (row.key.length === 0) this.#hashes.push(hashPath(row.path))
    this.#due = Math.min(this.#due, row.due)
    const bytes = encodeRow(row)
    this.#rows.push(bytes)
    this.#rowBytes += bytes.length
    return this.#rowBytes >= BLOCK_BYTES ? this.#endBlock() : undefined
  }

  /** Makes the table durable. */
  async finish(): Promise<void> {
    if (this.#first !== null) await this.#endBlock()
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

  #endBlock(): Promise<void> | undefined {
    const { path, key } = this.#first!
    const sum = Buffer.alloc(4)
    const block = Buffer.concat([sum, ...this.#rows])
    block.writeUInt32LE(crc32(block, 0, 4), 0)
    this.#blocks.push({
      path: Buffer.from(path),
      key: Buffer.from(key),
      offset: this.#output.position,
      length: block.length,
      due: this.#due,
    })
    this.#rows = []
    this.#rowBytes = 0
    this.#first = null
    this.#due = Infinity
    return this.#output.add(block)
  }
}
