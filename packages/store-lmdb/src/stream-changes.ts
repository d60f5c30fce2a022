import type { CommitResult, StreamChange, StreamPath, StreamRecord, Version } from '@ds/core'
import type { Head, Tables } from './tables.js'
import { LAST, chunkKey, dueKey, entryKey, pathKey, streamKey } from './tables.js'
import { dueAt, totalLength } from '@ds/core'

/** Small appends are gathered in chunks of up to this many bytes, two of which fit a page. */
const GATHERED_BYTES = 3_900
const CHUNK_BYTES = 64 << 10
/** How many chunks and entries one transaction removes. */
const GARBAGE_KEYS = 1_000
const VERSION_KEY = Buffer.from('version')

/** Compares and changes, within a transaction. */
export function applyChange(
  tables: Tables,
  path: StreamPath,
  expected: Version | null,
  change: StreamChange,
): CommitResult {
  const { record, commitId, ifTouchedAt } = change
  const head = tables.streams.get(pathKey(path))
  if ((head?.version ?? null) !== expected) return { kind: 'conflict' }
  if (ifTouchedAt !== null && head?.touchedAt !== ifTouchedAt) return { kind: 'conflict' }
  const version = (tables.meta.get(VERSION_KEY) ?? 0) + 1
  tables.meta.putSync(VERSION_KEY, version)
  const before = head?.record.streamId === record?.streamId ? head : undefined
  if (before === undefined && head !== undefined) discard(tables, path, head)
  if (record === null) return { kind: 'committed', version }
  const lastChunk = appendBytes(tables, record, before?.lastChunk ?? 0, change.bytes)
  for (const [key, value] of change.entries) {
    if (value === null) tables.entries.removeSync(entryKey(record.streamId, key))
    else tables.entries.putSync(entryKey(record.streamId, key), value)
  }
  const touchedAt = Math.max(
    before?.touchedAt ?? -Infinity,
    change.touchedAt ?? before?.touchedAt ?? record.createdAt,
  )
  putHead(tables, path, before, { record, version, commitId, touchedAt, lastChunk })
  return { kind: 'committed', version }
}

/** Replaces a stream's head, and moves it to its place in the order of what is due. */
export function putHead(tables: Tables, path: StreamPath, before: Head | undefined, head: Head): void {
  if (before !== undefined) forgetDue(tables, before)
  const moment = dueAt(head.record, head.touchedAt)
  if (moment !== Infinity) tables.due.putSync(dueKey(moment, head.record.streamId), path)
  tables.streams.putSync(pathKey(path), head)
}

/** Removes a part of what gone incarnations have left; false when nothing was left. */
export function removeGarbage(tables: Tables): boolean {
  const [garbage] = tables.garbage.getKeys({ limit: 1 })
  if (garbage === undefined) return false
  const range = { start: garbage, end: Buffer.concat([garbage, LAST]), limit: GARBAGE_KEYS }
  let removed = 0
  for (const table of [tables.chunks, tables.entries]) {
    for (const key of [...table.getKeys(range)]) {
      table.removeSync(key)
      removed++
    }
  }
  if (removed === 0) tables.garbage.removeSync(garbage)
  return true
}

/** Takes a stream out of sight. What it leaves is removed later and bit by bit, as it may be large. */
function discard(tables: Tables, path: StreamPath, head: Head): void {
  forgetDue(tables, head)
  tables.streams.removeSync(pathKey(path))
  tables.garbage.putSync(streamKey(head.record.streamId), path)
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
