import type { CommitResult, StreamChange, StreamId, StreamPath, Version } from '@ds/core'
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
  const lastChunk = appendBytes(tables, record.streamId, before?.lastChunk ?? null, record.tail, change.bytes)
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

/** Adds bytes up to `tail`; small ones join the last chunk, so that reads find few. */
function appendBytes(
  { chunks }: Tables,
  streamId: StreamId,
  last: Head['lastChunk'],
  tail: number,
  pieces: readonly Uint8Array[],
): Head['lastChunk'] {
  const length = totalLength(pieces)
  if (length === 0) return last
  const isGathered = last !== null && last.length + length <= GATHERED_BYTES
  const at = isGathered ? last.at : tail - length
  const bytes = Buffer.concat(isGathered ? [chunks.get(chunkKey(streamId, at))!, ...pieces] : pieces)
  let start = 0
  for (; start < bytes.length; start += CHUNK_BYTES) {
    chunks.putSync(chunkKey(streamId, at + start), bytes.subarray(start, start + CHUNK_BYTES))
  }
  start -= CHUNK_BYTES
  return { at: at + start, length: bytes.length - start }
}
