import type { StreamChange, StreamId, StreamPath, StreamRecord, StreamStore } from '@ds/core'
import { expect } from 'vitest'

export function pathOf(text: string): StreamPath {
  return text as StreamPath
}

/** A stream's id, made from one short name. */
export function idOf(name: string): StreamId {
  return name.padStart(16, '0') as StreamId
}

/** The record of an empty live stream, with what a test wants to be different. */
export function recordOf(over: Partial<StreamRecord> = {}): StreamRecord {
  return {
    streamId: idOf('s'),
    state: 'live',
    contentType: 'text/plain',
    createdAt: 0,
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

/** A change that leaves `record`; its bytes are given as text. */
export function changeOf(
  record: StreamRecord | null,
  text = '',
  over: Partial<StreamChange> = {},
): StreamChange {
  return {
    commitId: `c${++commits}`,
    record,
    bytes: text === '' ? [] : [Buffer.from(text)],
    entries: new Map(),
    touchedAt: null,
    ifTouchedAt: null,
    ...over,
  }
}

/** Commits on whatever is there, and expects it to succeed. */
export async function put(store: StreamStore, path: string, change: StreamChange): Promise<void> {
  const version = (await store.load(pathOf(path), []))?.version ?? null
  expect((await store.commit(pathOf(path), version, change)).kind).toBe('committed')
}

/** Makes a stream or appends to it. */
export async function write(
  store: StreamStore,
  path: string,
  text: string,
  over: Partial<StreamRecord> = {},
): Promise<StreamRecord> {
  const found =
    (await store.load(pathOf(path), []))?.record ?? recordOf({ streamId: idOf(`${path}1`), ...over })
  const record = { ...found, ...over, tail: found.tail + Buffer.byteLength(text) }
  await put(store, path, changeOf(record, text))
  return record
}

/** All bytes of an incarnation. */
export async function readAll(store: StreamStore, path: string, record: StreamRecord): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let at = record.base; at < record.tail;) {
    const got = await store.read(pathOf(path), record.streamId, at, record.tail - at)
    if (got === null) throw new Error(`${path}: no bytes at ${at}`)
    pieces.push(...got)
    at += got.reduce((sum, { length }) => sum + length, 0)
  }
  return Buffer.concat(pieces)
}
