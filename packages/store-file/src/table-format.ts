import type { StreamHead } from './hot-stream.js'
import type { StreamRecord } from '@ds/core'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'
import { decodeRecord, encodeRecord } from './stored-record.js'

/**
 * A table is an immutable file of rows in the order of their paths and keys: blocks of about 16 KiB, a filter that
 * tells which paths it certainly has not, an index with the first row of every block, and a footer.
 *
 * A block is its CRC-32 and its rows; a row is the lengths of its path, key and value, the moment at which the
 * stream is due, and these three. A stream's head has an empty key; its entries follow, each under its own.
 */
export const BLOCK_BYTES: number = 16 << 10
export const FOOTER_BYTES = 40
export const ROW_HEADER_BYTES = 20
const TABLE_MAGIC = 0x54_4c_4a_53

/** A row in its block; what it consists of is taken out only when it is asked for. */
export class Row {
  readonly #block: Buffer
  readonly #at: number
  readonly #pathEnd: number
  readonly #keyEnd: number
  readonly #end: number

  constructor(block: Buffer, at: number) {
    this.#block = block
    this.#at = at
    this.#pathEnd = at + ROW_HEADER_BYTES + block.readUInt32LE(at)
    this.#keyEnd = this.#pathEnd + block.readUInt32LE(at + 4)
    this.#end = this.#keyEnd + block.readUInt32LE(at + 8)
  }

  /** How many bytes it takes, its header included. */
  get length(): number {
    return this.#end - this.#at
  }

  get pathLength(): number {
    return this.#pathEnd - this.#pathAt
  }

  get keyLength(): number {
    return this.#keyEnd - this.#pathEnd
  }

  get path(): Buffer {
    return this.#block.subarray(this.#pathAt, this.#pathEnd)
  }

  get key(): Buffer {
    return this.#block.subarray(this.#pathEnd, this.#keyEnd)
  }

  get value(): Buffer {
    return this.#block.subarray(this.#keyEnd, this.#end)
  }

  /** When the stream is due, in milliseconds since 1970; Infinity for never, and for entries. */
  get due(): number {
    return this.#block.readDoubleLE(this.#at + 12)
  }

  /** Whether it is a stream's, and not an entry's. */
  get isHead(): boolean {
    return this.#keyEnd === this.#pathEnd
  }

  get #pathAt(): number {
    return this.#at + ROW_HEADER_BYTES
  }

  /** Less than zero when it comes before the other one. */
  compare(other: Row): number {
    const block = other.#block
    return (
      this.#block.compare(block, other.#pathAt, other.#pathEnd, this.#pathAt, this.#pathEnd) ||
      this.#block.compare(block, other.#pathEnd, other.#keyEnd, this.#pathEnd, this.#keyEnd)
    )
  }

  /** The same for a path and a key. */
  compareTo({ path, key }: { readonly path: Buffer; readonly key: Buffer }): number {
    return (
      this.#block.compare(path, 0, path.length, this.#pathAt, this.#pathEnd) ||
      this.#block.compare(key, 0, key.length, this.#pathEnd, this.#keyEnd)
    )
  }

  /** Whether it is the head of a stream that was removed. */
  get isRemoval(): boolean {
    if (!this.isHead || this.#end - this.#keyEnd < REMOVAL_END.length) return false
    return (
      this.#block.compare(REMOVAL_END, 0, REMOVAL_END.length, this.#end - REMOVAL_END.length, this.#end) === 0
    )
  }

  /** Writes it somewhere else as it is. */
  copyTo(target: Buffer, at: number): void {
    this.#block.copy(target, at, this.#at, this.#end)
  }
}

/** Where bytes of a stream are: in a segment, contiguous. */
export interface Extent {
  readonly segment: number
  /** Where it begins in the segment, sums of its blocks included. */
  readonly offset: number
  /** Where it begins in the stream. */
  readonly position: number
  readonly length: number
}

/** A stream as a table knows it. */
export interface TableHead extends StreamHead {
  /** False when it certainly has no entries. */
  readonly mayHaveEntries: boolean
  readonly extents: readonly Extent[]
}

export interface BlockEntry {
  readonly path: Buffer
  readonly key: Buffer
  readonly offset: number
  readonly length: number
  /** The first moment at which a stream of the block is due. */
  due: number
}

export const EMPTY_KEY: Buffer = Buffer.alloc(0)

export function compareKeys(a: { path: Buffer; key: Buffer }, b: { path: Buffer; key: Buffer }): number {
  return Buffer.compare(a.path, b.path) || Buffer.compare(a.key, b.key)
}

/** How the head of a removed stream ends: it has neither a record nor bytes, and all others have a record. */
const REMOVAL_END: Buffer = Buffer.from(',null,[]]')

export function encodeHead({
  version,
  commitId,
  touchedAt,
  mayHaveEntries,
  record,
  extents,
}: TableHead): string {
  let places = ''
  for (const { segment, offset, position, length } of extents)
    places += `${places === '' ? '' : ','}[${segment},${offset},${position},${length}]`
  const fields = record === null ? 'null' : encodeRecord(record)
  return `[${version},${JSON.stringify(commitId)},${touchedAt},${mayHaveEntries ? 1 : 0},${fields},[${places}]]`
}

export function decodeHead(value: Buffer): TableHead {
  type Fields = [
    number,
    string,
    number,
    number,
    Partial<StreamRecord> | null,
    [number, number, number, number][],
  ]
  const [version, commitId, touchedAt, entries, fields, places] = JSON.parse(value.toString()) as Fields
  const record = fields === null ? null : decodeRecord(fields)
  const extents = places.map(([segment, offset, position, length]) => ({ segment, offset, position, length }))
  return { version, commitId, touchedAt, mayHaveEntries: entries === 1, record, extents }
}

/** An entry names its incarnation, so that what a removed stream left is not taken for its successor's. */
export function encodeEntry(streamId: string, value: string | null): string {
  return JSON.stringify([streamId, value])
}

export function decodeEntry(value: Buffer): [streamId: string, value: string | null] {
  return JSON.parse(value.toString()) as [string, string | null]
}

/** The rows of a block. Throws when its sum is wrong. */
export function decodeBlock(bytes: Uint8Array): Row[] {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (block.readUInt32LE(0) !== crc32(block, 0, 4))
    throw new StoreError('corrupt', 'a table has a damaged block')
  const rows: Row[] = []
  for (let at = 4; at < block.length;) {
    const row = new Row(block, at)
    rows.push(row)
    at += row.length
  }
  return rows
}

export function encodeIndex(blocks: readonly BlockEntry[]): Buffer {
  const lines = blocks.map(({ path, key, offset, length, due }) => [
    path.toString('base64'),
    key.toString('base64'),
    offset,
    length,
    due === Infinity ? null : due,
  ])
  return Buffer.from(JSON.stringify(lines))
}

export function decodeIndex(bytes: Buffer): BlockEntry[] {
  const lines = JSON.parse(bytes.toString()) as [string, string, number, number, number | null][]
  return lines.map(([path, key, offset, length, due]) => ({
    path: Buffer.from(path, 'base64'),
    key: Buffer.from(key, 'base64'),
    offset,
    length,
    due: due ?? Infinity,
  }))
}

/** What stands behind the blocks: the filter, then the index, then the footer itself. */
export interface Footer {
  readonly filterOffset: number
  readonly filterLength: number
  readonly indexLength: number
}

export function encodeFooter(footer: Footer, filter: Uint8Array, index: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FOOTER_BYTES)
  bytes.writeUInt32LE(TABLE_MAGIC, 4)
  bytes.writeDoubleLE(footer.filterOffset, 8)
  bytes.writeDoubleLE(footer.filterLength, 16)
  bytes.writeDoubleLE(footer.indexLength, 24)
  bytes.writeUInt32LE(crc32(index, crc32(filter)), 32)
  bytes.writeUInt32LE(crc32(bytes, 0, 4), 0)
  return bytes
}

/** Null when it is damaged; else the footer and the sum of filter and index. */
export function decodeFooter(bytes: Uint8Array): { footer: Footer; sum: number } | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (buffer.readUInt32LE(4) !== TABLE_MAGIC || buffer.readUInt32LE(0) !== crc32(buffer, 0, 4)) return null
  const footer = {
    filterOffset: buffer.readDoubleLE(8),
    filterLength: buffer.readDoubleLE(16),
    indexLength: buffer.readDoubleLE(24),
  }
  return { footer, sum: buffer.readUInt32LE(32) }
}
