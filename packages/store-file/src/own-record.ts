import type { StreamRecord } from '@ds/core'

/** A record that is changed in place by whoever keeps it. */
export type OwnRecord = { -readonly [Key in keyof StreamRecord]: StreamRecord[Key] }

/** A copy of its own, with the fields that a later version may have added. */
export function copyRecord(record: StreamRecord): OwnRecord {
  return { ...record }
}

/** Makes a kept record equal to the next one of the same incarnation. */
export function overwriteRecord(kept: OwnRecord, record: StreamRecord): void {
  kept.tail = record.tail
  if (hasSameRest(kept, record)) return
  kept.state = record.state
  kept.contentType = record.contentType
  kept.createdAt = record.createdAt
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

/** Whether two records of one incarnation differ in their tail alone, as after most appends. */
export function hasSameRest(before: StreamRecord, after: StreamRecord): boolean {
  return (
    before.closed === after.closed &&
    before.lastStreamSeq === after.lastStreamSeq &&
    before.producerCount === after.producerCount &&
    before.state === after.state &&
    before.closedBy === after.closedBy &&
    before.forkCount === after.forkCount &&
    before.pendingForks === after.pendingForks &&
    before.unsettledSince === after.unsettledSince &&
    before.contentType === after.contentType &&
    before.createdAt === after.createdAt &&
    before.start === after.start &&
    before.base === after.base &&
    before.expiry === after.expiry &&
    before.lineage === after.lineage &&
    before.origin === after.origin &&
    before.forkDepth === after.forkDepth
  )
}
