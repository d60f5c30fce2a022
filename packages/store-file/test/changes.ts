import type { StreamChange, StreamId, StreamPath, StreamRecord } from '@ds/core'
import { NEVER } from '@ds/core'

export function pathOf(path: string): StreamPath {
  return path as StreamPath
}

export function recordOf(tail: number): StreamRecord {
  return {
    streamId: '1000000000000001' as StreamId,
    state: 'live',
    contentType: 'text/plain',
    createdAt: 1_800_000_000_000,
    start: 0,
    base: 0,
    tail,
    closed: false,
    closedBy: null,
    lastStreamSeq: null,
    expiry: NEVER,
    lineage: [],
    origin: null,
    forkDepth: 0,
    forkCount: 0,
    pendingForks: [],
    producerCount: 0,
    unsettledSince: null,
  }
}

/** A commit that adds a text at a position, creating the stream if that is 0. */
export function changeOf(commitId: string, text: string, position: number): StreamChange {
  const bytes = Buffer.from(text)
  return {
    commitId,
    record: recordOf(position + bytes.length),
    bytes: [bytes],
    entries: new Map(),
    touchedAt: null,
    ifTouchedAt: null,
  }
}

export function textOf(pieces: readonly Uint8Array[] | null): string | null {
  return pieces === null ? null : Buffer.concat(pieces).toString()
}
