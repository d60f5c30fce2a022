import type { StreamRecord } from '@ds/core'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Makes a kept record equal to another. Written out, because engines do this many times faster than a generic copy. */
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
