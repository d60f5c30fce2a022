import type { CommitBody, JournalFileHeader, RecordHeader } from './journal-format.js'
import type { File } from './file-system.js'
import {
  HEADER_BYTES,
  RECORDS_START,
  decodeBody,
  decodeFileHeader,
  decodeRecordHeader,
  isHeaderIntact,
} from './journal-format.js'
import { crc32 } from './crc32.js'

const WINDOW_BYTES = 1 << 20
const LONGEST_PATH = 4096

/** A record that is what was written. */
export interface ScannedRecord {
  readonly kind: 'intact'
  readonly header: RecordHeader
  readonly path: string
  readonly body: CommitBody
  readonly end: number
}

/** What stands at a position: a record, one whose body is damaged, or none. */
export type Scanned =
  | ScannedRecord
  | { readonly kind: 'torn'; readonly header: RecordHeader; readonly path: string; readonly end: number }
  | { readonly kind: 'none' }

/** Looks at one journal file, through a window of bounded size. */
export class JournalScan {
  readonly header: JournalFileHeader
  readonly size: number
  readonly #file: File
  #window: Uint8Array = new Uint8Array(0)
  #windowAt = 0

  private constructor(file: File, header: JournalFileHeader, size: number) {
    this.#file = file
    this.header = header
    this.size = size
  }

  /** Null when the header of the file is not one. */
  static async open(file: File): Promise<JournalScan | null> {
    const start = new Uint8Array(RECORDS_START)
    const got = await file.read(start, 0)
    const header = decodeFileHeader(start.subarray(0, got))
    return header === null ? null : new JournalScan(file, header, await file.size())
  }

  /** What stands at a position, whatever its sequence number. */
  async look(at: number): Promise<Scanned> {
    const start = await this.#bytes(at, HEADER_BYTES + LONGEST_PATH)
    const header = start.length < HEADER_BYTES ? null : decodeRecordHeader(start, 0)
    if (header === null || start.length < HEADER_BYTES + header.pathLength) return { kind: 'none' }
    if (!isHeaderIntact(start, 0, header, this.header.salt)) return { kind: 'none' }
    const path = Buffer.from(start.subarray(HEADER_BYTES, HEADER_BYTES + header.pathLength)).toString()
    const bodyAt = at + HEADER_BYTES + header.pathLength
    const end = bodyAt + header.bodyLength
    const body = await this.#bytes(bodyAt, header.bodyLength)
    if (body.length < header.bodyLength || crc32(body) !== header.bodyCrc) {
      return { kind: 'torn', header, path, end }
    }
    return { kind: 'intact', header, path, body: decodeBody(body), end }
  }

  /** The first intact record from a position on whose sequence number is at least `sequence`. */
  async findNext(from: number, sequence: number): Promise<{ at: number; record: ScannedRecord } | null> {
    for (let at = from; at + HEADER_BYTES <= this.size;) {
      const bytes = await this.#bytes(at, Math.min(WINDOW_BYTES, this.size - at))
      const last = bytes.length - HEADER_BYTES
      for (let i = 0; i <= last; i++) {
        const header = bytes[i + 14] === 1 ? decodeRecordHeader(bytes, i) : null
        if (header === null || header.sequence < sequence) continue
        const found = await this.look(at + i)
        if (found.kind === 'intact') return { at: at + i, record: found }
      }
      if (last < 0) return null
      at += last + 1
    }
    return null
  }

  /** Whether everything from a position on is zeros, as room taken in advance is. */
  async isZeroFrom(from: number): Promise<boolean> {
    for (let at = from; at < this.size;) {
      const bytes = await this.#bytes(at, Math.min(WINDOW_BYTES, this.size - at))
      if (bytes.length === 0 || bytes.some((byte) => byte !== 0)) return bytes.length === 0
      at += bytes.length
    }
    return true
  }

  /** Bytes of the file, fewer at its end. */
  async #bytes(at: number, length: number): Promise<Uint8Array> {
    const isInside = at >= this.#windowAt && at + length <= this.#windowAt + this.#window.length
    const reachesEnd = this.#windowAt + this.#window.length === this.size
    if (!isInside && !(reachesEnd && at >= this.#windowAt)) {
      const window = new Uint8Array(Math.max(0, Math.min(Math.max(WINDOW_BYTES, length), this.size - at)))
      const got = await this.#file.read(window, at)
      this.#window = window.subarray(0, got)
      this.#windowAt = at
    }
    return this.#window.subarray(Math.max(0, at - this.#windowAt), Math.max(0, at - this.#windowAt + length))
  }
}
