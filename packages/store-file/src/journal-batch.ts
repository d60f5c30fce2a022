import type { KeptRecord } from './record-pattern.js'
import type { StreamChange, StreamPath, StreamRecord } from '@ds/core'
import { HEADER_BYTES, KIND_COMMIT, LARGEST_BODY, REMOVED, WHOLE } from './journal-format.js'
import { crc32 } from './crc32.js'
import { JSON_UNIT_BYTES, LONGER_BYTES, UNIT_BYTES, writeLonger, writeText } from './journal-text.js'
import { isOnlyLonger } from './record-pattern.js'
import { totalLength } from '@ds/core'

/** A commit on its way into the journal: all but what is known only when it is written. */
export interface JournalCommit {
  readonly path: StreamPath
  /** The record that the commit changes; null when there is no stream. */
  readonly before: (KeptRecord & { readonly record: StreamRecord | null }) | null
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
    const heads: (string | null)[] = []
    let most = 0
    for (const commit of commits) {
      const { path, change } = commit
      const head = isPlain(commit) ? null : describeChange(commit)
      heads.push(head)
      const headBytes =
        head === null ? LONGER_BYTES + change.commitId.length * JSON_UNIT_BYTES : head.length * UNIT_BYTES
      most += HEADER_BYTES + 4 + path.length * UNIT_BYTES + headBytes + totalLength(change.bytes)
    }
    const target = this.#targetOf(most)
    let end = 0
    for (let i = 0; i < commits.length; i++)
      end = encodeRecord(commits[i]!, heads[i] ?? null, target, end, place, place.sequence + i)
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

/** Whether a commit does nothing but make a stream longer: then its description is written without being made first. */
function isPlain({ before, change }: JournalCommit): boolean {
  const { record, entries } = change
  return record !== null && before !== null && entries.size === 0 && isOnlyLonger(before, record)
}

/** Everything of a change but its bytes, as JSON. */
function describeChange({ before, change }: JournalCommit): string {
  const { commitId, record, touchedAt, entries } = change
  const fields =
    record === null ? null : isWhole(before, record) ? record : changedFields(before!.record!, record)
  return JSON.stringify([commitId, touchedAt, fields, entries.size > 0 ? [...entries] : 0])
}

/**
 * Returns where the record ends.
 *
 * @param head its description; null for one that is plain
 */
function encodeRecord(
  commit: JournalCommit,
  head: string | null,
  { buffer, view }: Target,
  at: number,
  place: BatchPlace,
  sequence: number,
): number {
  const { path, before, previousVersion, change } = commit
  const { commitId, record, touchedAt } = change
  const bodyAt = writeText(buffer, path, at + HEADER_BYTES)
  let end = head === null ? writeLonger(buffer, bodyAt + 4, commitId, touchedAt, record!.tail) : -1
  if (end < 0) end = writeText(buffer, head ?? describeChange(commit), bodyAt + 4)
  view.setUint32(bodyAt, end - bodyAt - 4, true)
  for (const piece of change.bytes) {
    buffer.set(piece, end)
    end += piece.length
  }
  view.setUint32(at + 4, crc32(buffer, 0, bodyAt, end, view), true)
  view.setUint32(at + 8, end - bodyAt, true)
  view.setUint16(at + 12, bodyAt - at - HEADER_BYTES, true)
  buffer[at + 14] = KIND_COMMIT
  buffer[at + 15] = record === null ? REMOVED : isWhole(before, record) ? WHOLE : 0
  view.setFloat64(at + 16, sequence, true)
  view.setFloat64(at + 24, previousVersion, true)
  view.setFloat64(at + 32, place.durableTo, true)
  const streamId = (record ?? before)?.streamId ?? ''
  for (let i = 0; i < ID_BYTES; i++) buffer[at + 40 + i] = i < streamId.length ? streamId.charCodeAt(i) : 0
  view.setUint32(at, crc32(buffer, place.salt, at + 4, bodyAt, view), true)
  return end
}

function isWhole(before: KeptRecord | null, record: StreamRecord): boolean {
  return before?.streamId !== record.streamId
}

/** The parts of a record that are not those of the one before; parts that did not change are the same objects. */
function changedFields(before: StreamRecord, after: StreamRecord): Partial<StreamRecord> {
  const changed: Record<string, unknown> = {}
  for (const key of Object.keys(after) as (keyof StreamRecord)[]) {
    if (after[key] !== before[key]) changed[key] = after[key]
  }
  return changed
}
