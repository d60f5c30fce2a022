import type { StreamChange, StreamPath, StreamRecord } from '@ds/core'
import { HEADER_BYTES, KIND_COMMIT, LARGEST_BODY, REMOVED, WHOLE } from './journal-format.js'
import { crc32 } from './crc32.js'
import { hasSameRest } from './own-record.js'
import { totalLength } from '@ds/core'

/** A commit on its way into the journal: all but what is known only when it is written. */
export interface JournalCommit {
  readonly path: StreamPath
  /** The record that the commit changes; null when there is no stream. */
  readonly before: StreamRecord | null
  /** The sequence number of the last commit at the path; 0 when there is no stream. */
  readonly previousVersion: number
  readonly change: StreamChange
}

/** Where a batch comes to stand. */
export interface BatchPlace {
  readonly salt: number
  /** The sequence number of the first record. */
  readonly sequence: number
  /** How far the file is durable. */
  readonly durableTo: number
}

/** Batches up to this size are written from the same memory, one after the other. */
const KEPT_BYTES = 1 << 20
/** An UTF-16 unit takes at most so many bytes of UTF-8. */
const UNIT_BYTES = 3
const SHORT_TEXT = 128
const ID_BYTES = 16

/** Whether a commit fits into a record at all. */
export function fitsRecord(change: StreamChange): boolean {
  return totalLength(change.bytes) < LARGEST_BODY - (1 << 24)
}

/** About how many bytes a commit takes in the journal. */
export function sizeOf(commit: JournalCommit): number {
  return HEADER_BYTES + 200 + totalLength(commit.change.bytes)
}

/** Writes commits as records. What it returns is valid until it is used again. */
export class BatchEncoder {
  #kept: Buffer = Buffer.alloc(0)
  #view: DataView = viewOf(this.#kept)

  encode(commits: readonly JournalCommit[], place: BatchPlace): Uint8Array {
    const heads: string[] = []
    let most = 0
    for (const commit of commits) {
      const head = describeChange(commit)
      heads.push(head)
      most +=
        HEADER_BYTES + 4 + (commit.path.length + head.length) * UNIT_BYTES + totalLength(commit.change.bytes)
    }
    const target = this.#targetOf(most)
    let end = 0
    for (let i = 0; i < commits.length; i++)
      end = encodeRecord(commits[i]!, heads[i]!, target, end, place, place.sequence + i)
    return target.buffer.subarray(0, end)
  }

  #targetOf(bytes: number): Target {
    if (bytes > KEPT_BYTES) {
      const buffer = Buffer.allocUnsafeSlow(bytes)
      return { buffer, view: viewOf(buffer) }
    }
    if (this.#kept.length < bytes) {
      this.#kept = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
      this.#view = viewOf(this.#kept)
    }
    return { buffer: this.#kept, view: this.#view }
  }
}

interface Target {
  readonly buffer: Buffer
  readonly view: DataView
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Everything of a change but its bytes, as JSON. Most changes only make a stream longer. */
function describeChange({ before, change }: JournalCommit): string {
  const { commitId, record, touchedAt, entries } = change
  if (record !== null && before !== null && entries.size === 0 && isLonger(before, record))
    return `[${JSON.stringify(commitId)},${touchedAt},{"tail":${record.tail}},0]`
  const fields = record === null ? null : isWhole(before, record) ? record : changedFields(before!, record)
  return JSON.stringify([commitId, touchedAt, fields, entries.size > 0 ? [...entries] : 0])
}

/** Returns where the record ends. */
function encodeRecord(
  { path, before, previousVersion, change }: JournalCommit,
  head: string,
  { buffer, view }: Target,
  at: number,
  place: BatchPlace,
  sequence: number,
): number {
  const { record } = change
  const bodyAt = writeText(buffer, path, at + HEADER_BYTES)
  let end = writeText(buffer, head, bodyAt + 4)
  view.setUint32(bodyAt, end - bodyAt - 4, true)
  for (const piece of change.bytes) {
    buffer.set(piece, end)
    end += piece.length
  }
  view.setUint32(at + 4, crc32(buffer, 0, bodyAt, end), true)
  view.setUint32(at + 8, end - bodyAt, true)
  view.setUint16(at + 12, bodyAt - at - HEADER_BYTES, true)
  buffer[at + 14] = KIND_COMMIT
  buffer[at + 15] = record === null ? REMOVED : isWhole(before, record) ? WHOLE : 0
  view.setFloat64(at + 16, sequence, true)
  view.setFloat64(at + 24, previousVersion, true)
  view.setFloat64(at + 32, place.durableTo, true)
  const streamId = (record ?? before)?.streamId ?? ''
  for (let i = 0; i < ID_BYTES; i++) buffer[at + 40 + i] = i < streamId.length ? streamId.charCodeAt(i) : 0
  view.setUint32(at, crc32(buffer, place.salt, at + 4, bodyAt), true)
  return end
}

/** Writes text as UTF-8 and returns where it ends. Short ASCII is written here, as calls into native code cost more. */
function writeText(buffer: Buffer, text: string, at: number): number {
  if (text.length > SHORT_TEXT) return at + buffer.write(text, at)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return at + buffer.write(text, at)
    buffer[at + i] = unit
  }
  return at + text.length
}

function isWhole(before: StreamRecord | null, record: StreamRecord): boolean {
  return before?.streamId !== record.streamId
}

function isLonger(before: StreamRecord, record: StreamRecord): boolean {
  return before.streamId === record.streamId && before.tail !== record.tail && hasSameRest(before, record)
}

/** The parts of a record that are not those of the one before; parts that did not change are the same objects. */
function changedFields(before: StreamRecord, after: StreamRecord): Partial<StreamRecord> {
  const changed: Record<string, unknown> = {}
  for (const key of Object.keys(after) as (keyof StreamRecord)[]) {
    if (after[key] !== before[key]) changed[key] = after[key]
  }
  return changed
}
