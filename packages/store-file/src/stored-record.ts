import type { StreamRecord } from '@ds/core'

/** What most records have in common, which is left out of rows. It is part of the format. */
const USUAL_RECORD: Readonly<{ [Key in keyof StreamRecord]: StreamRecord[Key] | null }> = {
  streamId: null,
  state: 'live',
  contentType: 'application/octet-stream',
  createdAt: null,
  start: 0,
  base: 0,
  tail: 0,
  closed: false,
  closedBy: null,
  lastStreamSeq: null,
  expiry: { kind: 'never' },
  lineage: [],
  origin: null,
  forkDepth: 0,
  forkCount: 0,
  pendingForks: [],
  producerCount: 0,
  unsettledSince: null,
}
const KNOWN_FIELDS = Object.keys(USUAL_RECORD).length

/** Whether a later version has added something to a record. */
export function hasUnknownFields(record: StreamRecord): boolean {
  return Object.keys(record).length !== KNOWN_FIELDS
}

/** What is not usual, and whatever a later version has added. */
function unusualFields(record: StreamRecord): Partial<StreamRecord> {
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(record) as (keyof StreamRecord)[]) {
    const value = record[key]
    if (!(key in USUAL_RECORD) || (value !== USUAL_RECORD[key] && !isUsualObject(value))) fields[key] = value
  }
  return fields
}

/** Whether all is usual but what every stream has of its own. */
function isPlain(record: StreamRecord): boolean {
  return (
    record.state === 'live' &&
    record.start === 0 &&
    record.base === 0 &&
    !record.closed &&
    record.closedBy === null &&
    record.lastStreamSeq === null &&
    record.expiry.kind === 'never' &&
    record.lineage.length === 0 &&
    record.origin === null &&
    record.forkDepth === 0 &&
    record.forkCount === 0 &&
    record.pendingForks.length === 0 &&
    record.producerCount === 0 &&
    record.unsettledSince === null &&
    !hasUnknownFields(record)
  )
}

/** What is not usual of a record, as JSON. Of most it is known what that is, and then it is written out here. */
export function encodeRecord(record: StreamRecord): string {
  if (!isPlain(record)) return JSON.stringify(unusualFields(record))
  const { streamId, contentType, createdAt, tail } = record
  const own = `{"streamId":${JSON.stringify(streamId)},"contentType":${JSON.stringify(contentType)}`
  return `${own},"createdAt":${createdAt},"tail":${tail}}`
}

/** The record of which that is what is not usual. */
export function decodeRecord(fields: Partial<StreamRecord>): StreamRecord {
  return { ...USUAL_RECORD, ...fields } as StreamRecord
}

/** The only objects that are usual are empty lists and an expiry that never comes, each in fields of its own. */
function isUsualObject(value: StreamRecord[keyof StreamRecord]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'length' in value ? value.length === 0 : 'kind' in value && value.kind === 'never'
}
