import type { BlockEntry } from './table-format.js'
import type { File } from './file-system.js'
import { FOOTER_BYTES, ROW_HEADER_BYTES, decodeBlock, decodeFooter, decodeIndex } from './table-format.js'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'
import { hashPath, makeFilter } from './path-filter.js'
import { readExactly } from './file-system.js'

/** What an open table keeps in memory. */
export interface TableParts {
  readonly blocks: BlockEntry[]
  readonly filter: Uint8Array
  /** What was damaged and could be made good, in words. */
  readonly problem: string | null
}

/** Longer than any block is: one ends with the row that fills it, and a row is bounded. */
const LARGEST_BLOCK = 8 << 20
const FIRST_LOOK = 64 << 10

/**
 * Makes filter and index of a table anew from its rows, which carry their own lengths and sums. It is done only
 * where it is certain that no row is left out: the rows must reach to where the footer says that they end, or be
 * those that the index names.
 */
export async function rescueTable(file: File, size: number, name: string): Promise<TableParts> {
  const rows = await scanBlocks(file, size)
  const filter = makeFilter(rows.hashes)
  const isCertain = (await endsAtFooter(file, size, rows.end)) || (await isIndexed(file, size, rows, filter))
  if (!isCertain) throw new StoreError('corrupt', `${name} has a damaged index, and damaged rows`)
  return { blocks: rows.blocks, filter, problem: `${name}: its index was damaged, and was made anew` }
}

interface ScannedRows {
  readonly blocks: BlockEntry[]
  readonly hashes: number[]
  /** Where the first thing stands that is no block. */
  readonly end: number
}

async function scanBlocks(file: File, size: number): Promise<ScannedRows> {
  const blocks: BlockEntry[] = []
  const hashes: number[] = []
  let at = 0
  for (;;) {
    const block = await readBlock(file, at, size)
    if (block === null) return { blocks, hashes, end: at }
    const rows = decodeBlock(block)
    const { path, key } = rows[0]!
    const due = Math.min(...rows.map((row) => row.due))
    blocks.push({ path: Buffer.from(path), key: Buffer.from(key), offset: at, length: block.length, due })
    for (const row of rows) if (row.isHead) hashes.push(hashPath(row.path))
    at += block.length
  }
}

/** The block that begins somewhere: it ends after the row with which its sum comes out right. Null for none. */
async function readBlock(file: File, at: number, size: number): Promise<Uint8Array | null> {
  for (let length = FIRST_LOOK; ; length *= 4) {
    const into = Buffer.alloc(Math.min(length, size - at))
    const bytes = into.subarray(0, await file.read(into, at))
    const end = endOfBlock(bytes)
    if (end !== null) return bytes.subarray(0, end)
    if (length >= LARGEST_BLOCK || bytes.length < length) return null
  }
}

function endOfBlock(bytes: Buffer): number | null {
  if (bytes.length < 4) return null
  const sum = bytes.readUInt32LE(0)
  let crc = 0
  for (let row = 4; row + ROW_HEADER_BYTES <= bytes.length;) {
    const lengths = bytes.readUInt32LE(row) + bytes.readUInt32LE(row + 4) + bytes.readUInt32LE(row + 8)
    const end = row + ROW_HEADER_BYTES + lengths
    if (end > bytes.length) return null
    crc = crc32(bytes, crc, row, end)
    if (crc === sum) return end
    row = end
  }
  return null
}

async function endsAtFooter(file: File, size: number, end: number): Promise<boolean> {
  const bytes = size < FOOTER_BYTES ? null : await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES)
  const found = bytes === null ? null : decodeFooter(bytes)
  return found !== null && found.footer.filterOffset === end
}

/** Whether the index, which stands behind the filter, names just the blocks that were found. */
async function isIndexed(file: File, size: number, rows: ScannedRows, filter: Uint8Array): Promise<boolean> {
  const from = rows.end + filter.length
  const bytes = from + FOOTER_BYTES > size ? null : await readExactly(file, from, size - FOOTER_BYTES - from)
  if (bytes === null) return false
  try {
    const named = decodeIndex(Buffer.from(bytes))
    return named.length === rows.blocks.length && named.at(-1)?.offset === rows.blocks.at(-1)?.offset
  } catch {
    return false
  }
}
