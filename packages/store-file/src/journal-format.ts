import type { StreamRecord } from '@ds/core'
import { crc32 } from './crc32.js'

/**
 * A journal file begins with its header, twice, and its records follow from {@link RECORDS_START} on, without gaps.
 * What comes after the last record is zeros, or nothing.
 *
 * A record is a header of {@link HEADER_BYTES}, the path, and the body:
 *
 *     0  u32  CRC-32 of the rest of the header and of the path, begun with the file's salt
 *     4  u32  CRC-32 of the body
 *     8  u32  length of the body
 *    12  u16  length of the path
 *    14  u8   kind: 1, a commit
 *    15  u8   1 if the stream is removed, 2 if the record is whole, 0 if it holds what changed
 *    16  f64  sequence number: one more than that of the record before, in whichever file
 *    24  f64  sequence number of the last commit at this path, 0 if there was no stream
 *    32  f64  how far this file was known to be durable when the record was written
 *    40  16   incarnation
 *
 * The salt is random, so that bytes that somebody appends cannot pass for a record when a damaged file is searched
 * for the next one.
 */
export const HEADER_BYTES = 56
export const RECORDS_START = 4096
const SECOND_COPY = 2048
const FILE_HEADER_BYTES = 40
const FILE_MAGIC = 0x4c4a5344
export const LARGEST_BODY: number = 2 ** 30
export const KIND_COMMIT = 1
export const REMOVED = 1
export const WHOLE = 2

/** What the header of a journal file says. */
export interface JournalFileHeader {
  readonly number: number
  readonly salt: number
  /** The sequence number of its first record. */
  readonly firstSequence: number
  /** Where the file before it ends. */
  readonly previousEnd: number
}

export function encodeFileHeader(header: JournalFileHeader): Uint8Array {
  const bytes = new Uint8Array(RECORDS_START)
  const view = new DataView(bytes.buffer, 0, FILE_HEADER_BYTES)
  view.setUint32(4, FILE_MAGIC, true)
  view.setUint32(8, header.salt, true)
  view.setFloat64(16, header.number, true)
  view.setFloat64(24, header.firstSequence, true)
  view.setFloat64(32, header.previousEnd, true)
  view.setUint32(0, crc32(bytes, 0, 4, FILE_HEADER_BYTES), true)
  bytes.copyWithin(SECOND_COPY, 0, FILE_HEADER_BYTES)
  return bytes
}

/** Null when neither copy is whole. */
export function decodeFileHeader(bytes: Uint8Array): JournalFileHeader | null {
  for (const at of [0, SECOND_COPY]) {
    if (bytes.length < at + FILE_HEADER_BYTES) continue
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, FILE_HEADER_BYTES)
    if (view.getUint32(4, true) !== FILE_MAGIC) continue
    if (view.getUint32(0, true) !== crc32(bytes, 0, at + 4, at + FILE_HEADER_BYTES)) continue
    return {
      salt: view.getUint32(8, true),
      number: view.getFloat64(16, true),
      firstSequence: view.getFloat64(24, true),
      previousEnd: view.getFloat64(32, true),
    }
  }
  return null
}

/** The header of a record as it was found. */
export interface RecordHeader {
  readonly bodyCrc: number
  readonly bodyLength: number
  readonly pathLength: number
  readonly isRemoval: boolean
  readonly isWhole: boolean
  readonly sequence: number
  readonly previousVersion: number
  readonly durableTo: number
  readonly streamId: string
}

/** The fixed part of a record; null when it cannot be one, which the sum has still to confirm. */
export function decodeRecordHeader(bytes: Uint8Array, at: number): RecordHeader | null {
  if (bytes[at + 14] !== KIND_COMMIT || at + HEADER_BYTES > bytes.length) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
  const flags = view.getUint8(15)
  const bodyLength = view.getUint32(8, true)
  const pathLength = view.getUint16(12, true)
  const sequence = view.getFloat64(16, true)
  if (flags > WHOLE || bodyLength > LARGEST_BODY || pathLength > 4096 || !Number.isSafeInteger(sequence))
    return null
  return {
    bodyCrc: view.getUint32(4, true),
    bodyLength,
    pathLength,
    isRemoval: flags === REMOVED,
    isWhole: flags === WHOLE,
    sequence,
    previousVersion: view.getFloat64(24, true),
    durableTo: view.getFloat64(32, true),
    streamId: Buffer.from(bytes.buffer, bytes.byteOffset + at + 40, 16).toString('latin1'),
  }
}

/** Whether a record's header and path are what was written. */
export function isHeaderIntact(bytes: Uint8Array, at: number, header: RecordHeader, salt: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
  return view.getUint32(0, true) === crc32(bytes, salt, at + 4, at + HEADER_BYTES + header.pathLength)
}

/** What a commit's record holds. */
export interface CommitBody {
  readonly commitId: string
  readonly touchedAt: number | null
  /** The whole record, what changed of it, or null for a removal. */
  readonly fields: Partial<StreamRecord> | null
  readonly entries: readonly (readonly [key: string, value: string | null])[]
  readonly bytes: Uint8Array
}

/** Reads a body whose sum was found right. */
export function decodeBody(body: Uint8Array): CommitBody {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length)
  const headLength = buffer.readUInt32LE(0)
  type Head = [string, number | null, Partial<StreamRecord> | null, [string, string | null][] | 0]
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + headLength)) as Head
  const [commitId, touchedAt, fields, entries] = head
  return {
    commitId,
    touchedAt,
    fields,
    entries: entries === 0 ? [] : entries,
    bytes: body.subarray(4 + headLength),
  }
}
