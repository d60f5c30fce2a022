import type { StreamRecord } from '@ds/core'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Whether a record has fields that this version does not know. */
export function hasUnknownFields(record: StreamRecord): boolean {
  return Object.keys(record).length > Object.keys(copyKnownFields(record)).length
}

/** A copy of a record that has no others. Written out, because engines do this many times faster than a generic copy. */
export function copyKnownFields(record: StreamRecord): StreamRecord {
  return {
    streamId: record.streamId,
    state: record.state,
    contentType: record.contentType,
    createdAt: record.createdAt,
    start: record.start,
    base: record.base,
    tail: record.tail,
    closed: record.closed,
    closedBy: record.closedBy,
    lastStreamSeq: record.lastStreamSeq,
    expiry: record.expiry,
    lineage: record.lineage,
    origin: record.origin,
    forkDepth: record.forkDepth,
    forkCount: record.forkCount,
    pendingForks: record.pendingForks,
    producerCount: record.producerCount,
    unsettledSince: record.unsettledSince,
  }
}

/** Makes a kept record equal to another in the fields that this version knows. Written out for the same reason. */
export function overwriteRecord(kept: Writable<StreamRecord>, record: StreamRecord): void {
  kept.streamId = record.streamId
  kept.state = record.state
  kept.contentType = record.contentType
  kept.createdAt = record.createdAt
  kept.start = record.start
  kept.base = record.base
  kept.tail = record.tail
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
