import type { StreamRecord } from '@ds/core'
import { hasUnknownFields } from './stored-record.js'
import { sameExpiry } from '@ds/core'

/** All of a record but what no two streams have in common. */
export type RecordPattern = Omit<StreamRecord, 'streamId' | 'createdAt' | 'tail'>

/** A record of which most may be shared with other streams. */
export interface KeptRecord extends Pick<StreamRecord, 'streamId' | 'createdAt' | 'tail'> {
  readonly pattern: RecordPattern
}

/** How many patterns are looked through. */
const MAX_PATTERNS = 8

/** Patterns that are shared, those of the streams that came last. */
export class RecordPatterns {
  readonly #shared: RecordPattern[] = []
  #next = 0

  /** A pattern for this record and others like it; null for one that is better kept alone. */
  find(record: StreamRecord): RecordPattern | null {
    if (!isUsual(record)) return null
    for (const pattern of this.#shared) if (isAlike(pattern, record)) return pattern
    const pattern = likeRecord(record, record)
    this.#shared[this.#next] = pattern
    this.#next = (this.#next + 1) % MAX_PATTERNS
    return pattern
  }
}

/** A record with a pattern that is shared. Written out, because engines do this many times faster than a generic copy. */
export function likeRecord(
  pattern: RecordPattern,
  { streamId, createdAt, tail }: Pick<StreamRecord, 'streamId' | 'createdAt' | 'tail'>,
): StreamRecord {
  return {
    streamId,
    state: pattern.state,
    contentType: pattern.contentType,
    createdAt,
    start: pattern.start,
    base: pattern.base,
    tail,
    closed: pattern.closed,
    closedBy: pattern.closedBy,
    lastStreamSeq: pattern.lastStreamSeq,
    expiry: pattern.expiry,
    lineage: pattern.lineage,
    origin: pattern.origin,
    forkDepth: pattern.forkDepth,
    forkCount: pattern.forkCount,
    pendingForks: pattern.pendingForks,
    producerCount: pattern.producerCount,
    unsettledSince: pattern.unsettledSince,
  }
}

/** Whether a step changes nothing of a record but its tail, as most appends do. */
export function isOnlyLonger(before: KeptRecord, after: StreamRecord): boolean {
  return (
    before.streamId === after.streamId &&
    before.createdAt === after.createdAt &&
    before.tail !== after.tail &&
    hasPattern(after, before.pattern)
  )
}

/** Whether a record has a pattern. Parts that did not change are the same objects. */
export function hasPattern(record: RecordPattern, pattern: RecordPattern): boolean {
  return (
    pattern.closed === record.closed &&
    pattern.lastStreamSeq === record.lastStreamSeq &&
    pattern.producerCount === record.producerCount &&
    pattern.state === record.state &&
    pattern.closedBy === record.closedBy &&
    pattern.forkCount === record.forkCount &&
    pattern.pendingForks === record.pendingForks &&
    pattern.unsettledSince === record.unsettledSince &&
    pattern.contentType === record.contentType &&
    pattern.start === record.start &&
    pattern.base === record.base &&
    pattern.expiry === record.expiry &&
    pattern.lineage === record.lineage &&
    pattern.origin === record.origin &&
    pattern.forkDepth === record.forkDepth
  )
}

/** Whether a record can be like others at all, and this version knows all of it. */
function isUsual(record: StreamRecord): boolean {
  return (
    record.start === 0 &&
    record.base === 0 &&
    record.closedBy === null &&
    record.lastStreamSeq === null &&
    record.lineage.length === 0 &&
    record.origin === null &&
    record.forkDepth === 0 &&
    record.forkCount === 0 &&
    record.pendingForks.length === 0 &&
    record.unsettledSince === null &&
    !hasUnknownFields(record)
  )
}

/** Whether two usual records differ only in what every stream has of its own. */
function isAlike(pattern: RecordPattern, record: StreamRecord): boolean {
  return (
    pattern.contentType === record.contentType &&
    pattern.state === record.state &&
    pattern.closed === record.closed &&
    pattern.producerCount === record.producerCount &&
    sameExpiry(pattern.expiry, record.expiry)
  )
}
