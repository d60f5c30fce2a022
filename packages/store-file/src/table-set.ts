import type { Row, TableHead } from './table-format.js'
import type { StreamPath } from '@ds/core'
import type { TableReader } from './table-reader.js'
import { EMPTY_KEY, decodeEntry, decodeHead } from './table-format.js'
import { TableCursor, findRow } from './table-reader.js'
import { hashPath } from './path-filter.js'

/** The tables that count at the moment, the newest first. A newer row hides the older ones of its path and key. */
export class TableSet {
  /** Counts the changes of the set: what was looked up in between may be outdated. */
  generation = 0
  #tables: readonly TableReader[]

  constructor(tables: readonly TableReader[]) {
    this.#tables = tables
  }

  get tables(): readonly TableReader[] {
    return this.#tables
  }

  /** False when certainly no table knows the path. */
  mayHave(path: StreamPath): boolean {
    if (this.#tables.length === 0) return false
    const hash = hashPath(Buffer.from(path))
    return this.#tables.some((table) => table.mayHave(hash))
  }

  /** The head of a stream, of a removed one, too; null when no table knows the path. */
  async find(path: StreamPath): Promise<TableHead | null> {
    const row = await this.#findRow(Buffer.from(path), EMPTY_KEY)
    return row === null ? null : decodeHead(row.value)
  }

  /** An entry of an incarnation; null when it has none. */
  async findEntry(path: StreamPath, streamId: string, key: string): Promise<string | null> {
    const row = await this.#findRow(Buffer.from(path), Buffer.from(key))
    if (row === null) return null
    const [owner, value] = decodeEntry(row.value)
    return owner === streamId ? value : null
  }

  /** From now on these tables count. */
  replace(tables: readonly TableReader[]): void {
    this.generation++
    this.#tables = tables
  }

  /** Runs work on the tables of this moment, which stay open until it ends. */
  async pinned<T>(work: (tables: readonly TableReader[]) => Promise<T>): Promise<T> {
    const tables = this.#tables
    for (const table of tables) table.hold()
    try {
      return await work(tables)
    } finally {
      for (const table of tables) await table.release()
    }
  }

  async close(): Promise<void> {
    for (const table of this.#tables) await table.retire()
    this.#tables = []
  }

  #findRow(path: Buffer, key: Buffer): Promise<Row | null> {
    return this.pinned(async (tables) => {
      for (const table of tables) {
        const row = await table.find(path, key)
        if (row !== null) return row
      }
      return null
    })
  }
}

/** Goes through several tables at once, in order; of rows with the same path and key only the newest is seen. */
export class MergeCursor {
  readonly #cursors: TableCursor[]
  #row: Row | null = null

  private constructor(cursors: TableCursor[]) {
    this.#cursors = cursors
    this.#choose()
  }

  /** @param tables the newest first */
  static async seek(tables: readonly TableReader[], path: Buffer): Promise<MergeCursor> {
    const cursors: TableCursor[] = []
    for (const table of tables) cursors.push(await TableCursor.seek(table, { path, key: EMPTY_KEY }))
    return new MergeCursor(cursors)
  }

  /** The row that it stands at; null at the end. */
  get row(): Row | null {
    return this.#row
  }

  /** Steps over the row and those that it hides; a promise means that some have to be read first. */
  stepOn(): Promise<void> | undefined {
    const over = this.#row
    if (over === null) return undefined
    let loading: Promise<void>[] | null = null
    for (const cursor of this.#cursors) {
      const { row } = cursor
      if (row === null || (row !== over && row.compare(over) !== 0)) continue
      const reading = cursor.next()
      if (reading !== undefined) (loading ??= []).push(reading)
    }
    if (loading !== null) return Promise.all(loading).then(() => this.#choose())
    this.#choose()
    return undefined
  }

  #choose(): void {
    this.#row = null
    for (const { row } of this.#cursors) {
      if (row !== null && (this.#row === null || row.compare(this.#row) < 0)) this.#row = row
    }
  }
}

/** Looks up heads of streams whose paths come in order, so that each block of rows is read once. */
export class OrderedLookup {
  readonly #tables: readonly TableReader[]
  /** Of each table, the block that was read last. */
  readonly #blocks: { index: number; rows: readonly Row[] }[]

  constructor(tables: readonly TableReader[]) {
    this.#tables = tables
    this.#blocks = tables.map(() => ({ index: -1, rows: [] }))
  }

  /** As `TableSet.find`. */
  async find(path: StreamPath): Promise<TableHead | null> {
    const wanted = { path: Buffer.from(path), key: EMPTY_KEY }
    const hash = hashPath(wanted.path)
    for (const [i, table] of this.#tables.entries()) {
      if (!table.mayHave(hash)) continue
      const index = table.blockOf(wanted)
      const block = this.#blocks[i]!
      if (index >= 0 && index !== block.index) {
        block.rows = await table.readBlock(index)
        block.index = index
      }
      const row = index < 0 ? null : findRow(block.rows, wanted)
      if (row !== null) return decodeHead(row.value)
    }
    return null
  }
}
