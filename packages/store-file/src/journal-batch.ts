import type { StreamChange, StreamPath, StreamRecord } from '@ds/core'
import { HEADER_BYTES, KIND_COMMIT, LARGEST_BODY, REMOVED, WHOLE } from './journal-format.js'
import { crc32 } from './crc32.js'
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

  encode(commits: readonly JournalCommit[], place: BatchPlace): Uint8Array {
    const heads = commits.map(describeChange)
    let most = 0
    for (let i = 0; i < commits.length; i++) {
      const { path, change } = commits[i]!
      most += HEADER_BYTES + 4 + (path.length + heads[i]!.length) * UNIT_BYTES + totalLength(change.bytes)
    }
    const buffer = this.#bufferOf(most)
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
    let end = 0
    for (let i = 0; i < commits.length; i++) {
      const sequence = place.sequence + i
      end = encodeRecord(commits[i]!, heads[i]!, { buffer, view, at: end }, { ...place, sequence })
    }
    return buffer.subarray(0, end)
  }

  #bufferOf(bytes: number): Buffer {
    if (bytes > KEPT_BYTES) return Buffer.allocUnsafeSlow(bytes)
    if (this.#kept.length < bytes) this.#kept = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
    return this.#kept
  }
}

/** Everything of a change but its bytes. */
function describeChange({ before, change }: JournalCommit): string {
  const { commitId, record, touchedAt, entries } = change
  const fields = record === null ? null : isWhole(before, record) ? record : changedFields(before!, record)
  return JSON.stringify([commitId, touchedAt, fields, entries.size > 0 ? [...entries] : 0])
}

interface Target {
  readonly buffer: Buffer
  readonly view: DataView
  readonly at: number
}

/** Returns where the record ends. */
function encodeRecord(commit: JournalCommit, head: string, target: Target, place: BatchPlace): number {
  const { path, before, previousVersion, change } = commit
  const { buffer, view, at } = target
  const pathLength = buffer.write(path, at + HEADER_BYTES)
  const bodyAt = at + HEADER_BYTES + pathLength
  const headLength = buffer.write(head, bodyAt + 4)
  view.setUint32(bodyAt, headLength, true)
  let end = bodyAt + 4 + headLength
  for (const piece of change.bytes) {
    buffer.set(piece, end)
    end += piece.length
  }
  const whole = change.record !== null && isWhole(before, change.record)
  view.setUint32(at + 4, crc32(buffer, 0, bodyAt, end), true)
  view.setUint32(at + 8, end - bodyAt, true)
  view.setUint16(at + 12, pathLength, true)
  view.setUint8(at + 14, KIND_COMMIT)
  view.setUint8(at + 15, change.record === null ? REMOVED : whole ? WHOLE : 0)
  view.setFloat64(at + 16, place.sequence, true)
  view.setFloat64(at + 24, previousVersion, true)
  view.setFloat64(at + 32, place.durableTo, true)
  buffer.fill(0, at + 40, at + HEADER_BYTES)
  buffer.write((change.record ?? before)?.streamId ?? '', at + 40, 16, 'latin1')
  view.setUint32(at, crc32(buffer, place.salt, at + 4, bodyAt), true)
  return end
}

function isWhole(before: StreamRecord | null, record: StreamRecord): boolean {
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
