import type { StreamChange, StreamId, StreamPath, StreamRecord } from '@ds/core'
import { expect } from 'vitest'
import type { MemoryStore } from '../src/memory-store.js'

/** A stream's path, as a test writes it. */
export function pathOf(text: string): StreamPath {
  return text as StreamPath
}

/** A stream's id, made from one short name. */
export function idOf(name: string): StreamId {
  return name.padStart(16, '0') as StreamId
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
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
  const bytes = text === '' ? [] : [bytesOf(text)]
  return {
    commitId: `c${++commits}`,
    record,
    bytes,
    entries: new Map(),
    touchedAt: null,
    ifTouchedAt: null,
    ...over,
  }
}

/** Commits on whatever is there, and expects it to succeed. */
export function put(store: MemoryStore, path: string, change: StreamChange): void {
  const version = store.load(pathOf(path), [])?.version ?? null
  expect(store.commit(pathOf(path), version, change).kind).toBe('committed')
}

/** Makes a stream or appends to it. */
export function write(
  store: MemoryStore,
  path: string,
  text: string,
  over: Partial<StreamRecord> = {},
): void {
  const record = store.load(pathOf(path), [])?.record ?? recordOf({ streamId: idOf(`${path}1`), ...over })
  put(store, path, changeOf({ ...record, ...over, tail: record.tail + text.length }, text))
}

/** All bytes of an incarnation from a position on, a few at a time. */
export function readAll(
  store: MemoryStore,
  path: string,
  streamId: StreamId,
  from: number,
  tail: number,
  limit = 3,
): string {
  let text = ''
  while (from + text.length < tail) {
    const pieces = store.read(pathOf(path), streamId, from + text.length, limit)
    if (pieces === null) throw new Error('gone')
    const got = pieces.map((piece) => new TextDecoder().decode(piece)).join('')
    expect(got.length).toBeGreaterThan(0)
    expect(got.length).toBeLessThanOrEqual(limit)
    text += got
  }
  return text
}
