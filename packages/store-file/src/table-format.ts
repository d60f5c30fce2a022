import type { StreamHead } from './hot-stream.js'
import type { StreamRecord } from '@ds/core'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'

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

export interface Row {
  readonly path: Buffer
  readonly key: Buffer
  readonly value: Buffer
  /** When the stream is due, in milliseconds since 1970; Infinity for never, and for entries. */
  readonly due: number
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

/** What most records have in common, which is left out of rows. It is part of the format. */
const USUAL_RECORD: Readonly<{ [Key in keyof StreamRecord]: StreamRecord[Key] | null }> = {
  streamId: null,
  state: 'live',
  contentType: 'application/octet-stream',
  createdAt: null,
  start: 0,
  base: 0,
  tail: 0,
  closed: false,
  closedBy: null,
  lastStreamSeq: null,
  expiry: { kind: 'never' },
  lineage: [],
  origin: null,
  forkDepth: 0,
  forkCount: 0,
  pendingForks: [],
  producerCount: 0,
  unsettledSince: null,
}
const USUAL_KEYS = Object.keys(USUAL_RECORD) as (keyof StreamRecord)[]

function unusualFields(record: StreamRecord): Partial<StreamRecord> {
  const fields: Record<string, unknown> = {}
  for (const key of USUAL_KEYS) {
    const value = record[key]
    if (value !== USUAL_RECORD[key] && !isUsualObject(value)) fields[key] = value
  }
  return fields
}

/** The only objects that are usual are empty lists and an expiry that never comes, each in fields of its own. */
function isUsualObject(value: StreamRecord[keyof StreamRecord]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'length' in value ? value.length === 0 : 'kind' in value && value.kind === 'never'
}

export function encodeHead(head: TableHead): string {
  const { version, commitId, touchedAt, mayHaveEntries, record, extents } = head
  const places = extents.map(({ segment, offset, position, length }) => [segment, offset, position, length])
  const fields = record === null ? null : unusualFields(record)
  return JSON.stringify([version, commitId, touchedAt, mayHaveEntries ? 1 : 0, fields, places])
}

export function decodeHead(value: Buffer): TableHead {
  type Record = Partial<StreamRecord> | null
  type Fields = [number, string, number, number, Record, [number, number, number, number][]]
  const [version, commitId, touchedAt, entries, fields, places] = JSON.parse(value.toString()) as Fields
  const record = fields === null ? null : ({ ...USUAL_RECORD, ...fields } as StreamRecord)
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
    const pathEnd = at + ROW_HEADER_BYTES + block.readUInt32LE(at)
    const keyEnd = pathEnd + block.readUInt32LE(at + 4)
    const end = keyEnd + block.readUInt32LE(at + 8)
    const due = block.readDoubleLE(at + 12)
    const path = block.subarray(at + ROW_HEADER_BYTES, pathEnd)
    rows.push({ path, key: block.subarray(pathEnd, keyEnd), value: block.subarray(keyEnd, end), due })
    at = end
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
