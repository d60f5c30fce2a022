import type { BlockEntry, Row } from './table-format.js'
import type { File, FileSystem } from './file-system.js'
import type { TableParts } from './table-rescue.js'
import { FOOTER_BYTES, compareKeys, decodeBlock, decodeFooter, decodeIndex } from './table-format.js'
import { SharedFile } from './shared-file.js'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'
import { hashPath, mayContain } from './path-filter.js'
import { errorCodeOf, readExactly } from './file-system.js'
import { rescueTable } from './table-rescue.js'
import { tableName } from './layout.js'

async function openTable(fileSystem: FileSystem, name: string): Promise<File> {
  try {
    return await fileSystem.open(name, 'read')
  } catch (cause) {
    if (errorCodeOf(cause) !== 'ENOENT') throw cause
    throw new StoreError('corrupt', `${name} is missing`, { cause })
  }
}

/** Filter and index; null when they, or where they are, cannot be trusted. */
async function readParts(file: File, size: number): Promise<TableParts | null> {
  const end = size < FOOTER_BYTES ? null : await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES)
  const found = end === null ? null : decodeFooter(end)
  if (found === null) return null
  const { filterOffset, filterLength, indexLength } = found.footer
  const bytes = await readExactly(file, filterOffset, filterLength + indexLength)
  if (bytes === null || crc32(bytes) !== found.sum) return null
  const blocks = decodeIndex(Buffer.from(bytes.buffer, filterLength))
  return { blocks, filter: bytes.slice(0, filterLength), problem: null }
}

/** A table that is open: its filter and its index are in memory, its rows are not. */
export class TableReader {
  readonly id: number
  /** Bytes of the file. */
  readonly size: number
  readonly blocks: readonly BlockEntry[]
  /** What was damaged and could be made good when it was opened, in words; null when nothing was. */
  readonly problem: string | null
  readonly #filter: Uint8Array
  readonly #file: SharedFile

  private constructor(id: number, size: number, parts: TableParts, file: SharedFile) {
    this.id = id
    this.size = size
    this.blocks = parts.blocks
    this.#filter = parts.filter
    this.problem = parts.problem
    this.#file = file
  }

  /**
   * Opens a table. Where its filter or its index are damaged, they are made anew from its rows; rejects with a
   * StoreError `corrupt` when that cannot be done.
   */
  static async open(fileSystem: FileSystem, id: number): Promise<TableReader> {
    const name = tableName(id)
    const file = await openTable(fileSystem, name)
    try {
      const size = await file.size()
      const parts = (await readParts(file, size)) ?? (await rescueTable(file, size, name))
      return new TableReader(id, size, parts, new SharedFile(file))
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  /** False when the path of that hash is certainly not in it. */
  mayHave(hash: number): boolean {
    return mayContain(this.#filter, hash)
  }

  async find(path: Buffer, key: Buffer): Promise<Row | null> {
    if (!this.mayHave(hashPath(path))) return null
    const wanted = { path, key }
    const index = this.blockOf(wanted)
    if (index < 0) return null
    return findRow(await this.readBlock(index), wanted)
  }

  /** The index of the only block that may have a row; -1 when it is before the first one. */
  blockOf(wanted: { path: Buffer; key: Buffer }): number {
    let low = -1
    let high = this.blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (compareKeys(this.blocks[middle]!, wanted) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  async readBlock(index: number): Promise<Row[]> {
    const { offset, length } = this.blocks[index]!
    const bytes = await this.#file.use((file) => readExactly(file, offset, length))
    if (bytes === null) throw new StoreError('corrupt', `${tableName(this.id)} is too short`)
    return decodeBlock(bytes)
  }

  /** Keeps the file open until `release`, even if the table is retired. */
  hold(): void {
    this.#file.hold()
  }

  release(): Promise<void> {
    return this.#file.release()
  }

  /** Closes the file as soon as nobody reads from it. */
  retire(): Promise<void> {
    return this.#file.retire()
  }
}

/** The row of a path and a key among those of a block, by halving. */
export function findRow(rows: readonly Row[], wanted: { path: Buffer; key: Buffer }): Row | null {
  let low = 0
  let high = rows.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const order = rows[middle]!.compareTo(wanted)
    if (order === 0) return rows[middle]!
    if (order < 0) low = middle + 1
    else high = middle - 1
  }
  return null
}

/** Goes through the rows of a table in order. */
export class TableCursor {
  /** The row that it stands at; null at the end. */
  row: Row | null = null
  readonly #table: TableReader
  #block: number
  #rows: Row[] = []
  #at = 0

  private constructor(table: TableReader, block: number) {
    this.#table = table
    this.#block = block
  }

  /** A cursor that stands at the first row that is not before `wanted`. */
  static async seek(table: TableReader, wanted: { path: Buffer; key: Buffer }): Promise<TableCursor> {
    const cursor = new TableCursor(table, Math.max(0, table.blockOf(wanted)))
    await cursor.#load()
    while (cursor.row !== null && cursor.row.compareTo(wanted) < 0) await cursor.next()
    return cursor
  }

  /** Steps on; a promise means that a block has to be read first. */
  next(): Promise<void> | undefined {
    this.row = this.#rows[++this.#at] ?? null
    return this.row === null ? this.#load() : undefined
  }

  async #load(): Promise<void> {
    if (this.#block >= this.#table.blocks.length) {
      this.row = null
      return
    }
    this.#rows = await this.#table.readBlock(this.#block++)
    this.#at = 0
    this.row = this.#rows[0] ?? null
  }
}
