import type { Row } from './table-format.js'
import type { TableReader } from './table-reader.js'
import type { TableWriter } from './table-writer.js'
import { EMPTY_KEY, decodeEntry, decodeHead } from './table-format.js'
import { MergeCursor } from './table-set.js'

/**
 * Copies the newest rows of several tables into one. Entries of incarnations that are gone are left out, and so are
 * traces of removals if there is no older table that could still need them.
 *
 * @param tables the newest first
 */
export async function copyMerged(
  tables: readonly TableReader[],
  writer: TableWriter,
  isOldest: boolean,
): Promise<void> {
  const cursor = await MergeCursor.seek(tables, EMPTY_KEY)
  let owner: Owner | null = null
  for (let row = cursor.row; row !== null; row = cursor.row) {
    if (row.isHead) owner = new Owner(row)
    if (isWorthKeeping(row, owner, isOldest)) {
      const writing = writer.addRow(row)
      if (writing !== undefined) await writing
    }
    const reading = cursor.stepOn()
    if (reading !== undefined) await reading
  }
}

/** The head that the entries after it belong to; it is decoded only if there are any, or if it may be dropped. */
class Owner {
  readonly row: Row
  #streamId: string | null | undefined

  constructor(row: Row) {
    this.row = row
  }

  /** Null when the stream was removed. */
  get streamId(): string | null {
    if (this.#streamId === undefined) this.#streamId = decodeHead(this.row.value).record?.streamId ?? null
    return this.#streamId
  }
}

function isWorthKeeping(row: Row, owner: Owner | null, isOldest: boolean): boolean {
  if (row.isHead) return !isOldest || !row.isRemoval
  if (owner?.row.path.equals(row.path) !== true) return true
  const [streamId, value] = decodeEntry(row.value)
  return streamId === owner.streamId && (value !== null || !isOldest)
}
