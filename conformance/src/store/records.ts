import type { StreamChange, StreamId, StreamPath, StreamRecord } from '@ds/core'

/** The moment at which the streams of the cases are created, in milliseconds since 1970. */
export const CREATED_AT = 1_000_000

export function pathOf(text: string): StreamPath {
  return text as StreamPath
}

/** An id as the engine makes them: sixteen characters of `0-9a-v`. */
export function streamIdOf(number: number): StreamId {
  return number.toString(32).padStart(16, '0') as StreamId
}

/** The record of an empty live stream, with what a case wants to be different. */
export function recordOf(over: Partial<StreamRecord> & Pick<StreamRecord, 'streamId'>): StreamRecord {
  return {
    state: 'live',
    contentType: 'text/plain',
    createdAt: CREATED_AT,
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
    ...over,
  }
}

let commits = 0

/** A change that leaves `record`, and does nothing else unless it is told to. */
export function changeOf(record: StreamRecord | null, over: Partial<StreamChange> = {}): StreamChange {
  return {
    commitId: `commit-${++commits}`,
    record,
    bytes: [],
    entries: new Map(),
    touchedAt: null,
    ifTouchedAt: null,
    ...over,
  }
}

/** Text as bytes, one for each of its characters. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

export function textOf(pieces: readonly Uint8Array[]): string {
  return Buffer.concat([...pieces]).toString('latin1')
}
