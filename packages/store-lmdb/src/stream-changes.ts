import type { CommitResult, StreamChange, StreamPath, StreamRecord, Version } from '@ds/core'
import type { Head, Tables } from './tables.js'
import { LAST, chunkKey, dueKey, entryKey, textKey } from './tables.js'
import { dueAt, totalLength } from '@ds/core'

/** Small appends are gathered in chunks of up to this many bytes, two of which fit a page. */
const GATHERED_BYTES = 3_900
const CHUNK_BYTES = 64 << 10
/** How many gone incarnations a commit looks after, and how many chunks and entries of each it removes. */
const GONE_AT_ONCE = 4
const GARBAGE_KEYS = 500
const VERSION_KEY = Buffer.from('version')

/** Compares and changes, within a transaction. */
export function applyChange(
  tables: Tables,
  path: StreamPath,
  expected: Version | null,
  change: StreamChange,
): CommitResult {
  const { record, commitId, ifTouchedAt } = change
  const head = tables.streams.get(textKey(path))
  if ((head?.version ?? null) !== expected) return { kind: 'conflict' }
  if (ifTouchedAt !== null && head?.touchedAt !== ifTouchedAt) return { kind: 'conflict' }
  const version = (tables.meta.get(VERSION_KEY) ?? 0) + 1
  tables.meta.putSync(VERSION_KEY, version)
  removeGarbage(tables)
  const before = head?.record.streamId === record?.streamId ? head : undefined
  if (before === undefined && head !== undefined) discard(tables, path, head)
  if (record === null) return { kind: 'committed', version }
  const lastChunk = appendBytes(tables, record, before?.lastChunk ?? 0, change.bytes)
  for (const [key, value] of change.entries) {
    if (value === null) tables.entries.removeSync(entryKey(record.streamId, key))
    else tables.entries.putSync(entryKey(record.streamId, key), value)
  }
  const moved = change.touchedAt ?? before?.touchedAt ?? record.createdAt
  const touchedAt = Math.max(before?.touchedAt ?? moved, moved)
  putHead(tables, path, before, { record, version, commitId, touchedAt, lastChunk })
  return { kind: 'committed', version }
}

/** Replaces a stream's head, and moves it to its place in the order of what is due. */
export function putHead(tables: Tables, path: StreamPath, before: Head | undefined, head: Head): void {
  if (before !== undefined) forgetDue(tables, before)
  const moment = dueAt(head.record, head.touchedAt)
  if (moment !== Infinity) tables.due.putSync(dueKey(moment, head.record.streamId), path)
  tables.streams.putSync(textKey(path), head)
}

/** Removes a part of what gone incarnations have left. Every commit does, so it never takes long, and room comes back. */
function removeGarbage({ garbage, chunks, entries }: Tables): void {
  for (const gone of [...garbage.getKeys({ limit: GONE_AT_ONCE })]) {
    const range = { start: gone, end: Buffer.concat([gone, LAST]), limit: GARBAGE_KEYS }
    const [oldChunks, oldEntries] = [[...chunks.getKeys(range)], [...entries.getKeys(range)]]
    for (const key of oldChunks) chunks.removeSync(key)
    for (const key of oldEntries) entries.removeSync(key)
    if (oldChunks.length + oldEntries.length < GARBAGE_KEYS) garbage.removeSync(gone)
  }
}

/** Takes a stream out of sight. What it leaves is removed later and bit by bit, as it may be large. */
function discard(tables: Tables, path: StreamPath, head: Head): void {
  forgetDue(tables, head)
  tables.streams.removeSync(textKey(path))
  tables.garbage.putSync(textKey(head.record.streamId), path)
}

function forgetDue({ due }: Tables, { record, touchedAt }: Head): void {
  const moment = dueAt(record, touchedAt)
  if (moment !== Infinity) due.removeSync(dueKey(moment, record.streamId))
}

/** Adds bytes up to `tail`; small ones join the last chunk, so that reads find few. Returns how long the last one is. */
function appendBytes(
  { chunks }: Tables,
  { streamId, tail }: StreamRecord,
  lastChunk: number,
  pieces: readonly Uint8Array[],
): number {
  const length = totalLength(pieces)
  if (length === 0) return lastChunk
  const lastKey = chunkKey(streamId, tail - length)
  const isGathered = lastChunk > 0 && lastChunk + length <= GATHERED_BYTES
  const bytes = Buffer.concat(isGathered ? [chunks.get(lastKey)!, ...pieces] : pieces)
  if (isGathered) chunks.removeSync(lastKey)
  for (let left = bytes.length; left > 0; left -= CHUNK_BYTES) {
    const chunk = bytes.subarray(bytes.length - left).subarray(0, CHUNK_BYTES)
    chunks.putSync(chunkKey(streamId, tail - left + chunk.length), chunk)
  }
  return bytes.length % CHUNK_BYTES || CHUNK_BYTES
}
