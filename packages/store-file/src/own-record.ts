import type { RecordPattern } from './record-pattern.js'
import type { StreamRecord } from '@ds/core'
import { hasPattern } from './record-pattern.js'

/** A pattern that one stream has for itself, and changes in place. */
export type OwnPattern = { -readonly [Key in keyof RecordPattern]: RecordPattern[Key] }

/** A pattern of its own, with the fields that a later version may have added. */
export function copyRecord(record: StreamRecord): OwnPattern {
  return { ...record }
}

/** Makes a kept pattern that of the next record of the same incarnation. */
export function overwritePattern(kept: OwnPattern, record: StreamRecord): void {
  if (hasPattern(record, kept)) return
  kept.state = record.state
  kept.contentType = record.contentType
  kept.start = record.start
  kept.base = record.base
  kept.closed = record.closed
  kept.closedBy = record.closedBy
  kept.lastStreamSeq = record.lastStreamSeq
  kept.expiry = record.expiry
  kept.lineage = record.lineage
  kept.origin = record.origin
  kept.forkDepth = record.forkDepth
  kept.forkCount = record.forkCount
  kept.pendingForks = record.pendingForks
  kept.producerCount = record.producerCount
  kept.unsettledSince = record.unsettledSince
}
