import type { LmdbStore } from '../src/lmdb-store.js'
import type { StreamChange, StreamId, StreamPath, StreamRecord, Version } from '@ds/core'

let commits = 0

export const pathOf = (text: string): StreamPath => text as StreamPath

/** The record of a live stream, whose id is made from a short name. */
export function recordOf(name: string, tail: number): StreamRecord {
  return {
    streamId: name.padStart(16, '0') as StreamId,
    state: 'live',
    contentType: 'text/plain',
    createdAt: 0,
    start: 0,
    base: 0,
    tail,
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
}

export function changeOf(record: StreamRecord | null, bytes: Uint8Array = new Uint8Array(0)): StreamChange {
  const commitId = `c${++commits}`
  return { commitId, record, bytes: [bytes], entries: new Map(), touchedAt: null, ifTouchedAt: null }
}

/** Commits on whatever is there; tells the version. */
export async function put(store: LmdbStore, path: string, change: StreamChange): Promise<Version> {
  const result = await store.commit(pathOf(path), store.load(pathOf(path), [])?.version ?? null, change)
  if (result.kind !== 'committed') throw new Error(result.kind)
  return result.version
}
