import { ByteLog } from './byte-log.js'
import { PathList } from './path-list.js'
import { ownCopy } from './own-copy.js'
import { copyKnownFields, hasUnknownFields, overwriteRecord } from './own-record.js'
import { StoreError, Watchers, dueAt, settleNumbers, totalLength } from '@ds/core'
import type {
  CommitResult,
  LoadedStream,
  StoreCapabilities,
  StreamChange,
  StreamId,
  StreamPath,
  StreamRecord,
  StreamStore,
  Version,
} from '@ds/core'

/**
 * One stream as it is kept: what `load` returns, its bytes, and a version that counts commits. The record is changed
 * in place and handed out as a copy: an object that lives from one append to the next costs the garbage collector
 * more than a copy that is dropped at once.
 */
interface StoredStream {
  /** A string of the store's own, by which everything here knows the stream. */
  readonly path: StreamPath
  readonly record: StreamRecord
  readonly hasUnknownFields: boolean
  version: number
  commitId: string
  touchedAt: number
  /** Whether it is among the streams that can become due. */
  canBeDue: boolean
  /** Null while there are none, as most streams have none. */
  entries: Map<string, string> | null
  /** What the entries take, about. */
  entryBytes: number
  readonly bytes: ByteLog
}

const NO_ENTRIES: ReadonlyMap<string, string> = new Map()

/** How many streams that can become due one call looks at. */
const DUE_SCAN = 10_000

/** What a stream takes besides its bytes and its entries, about. */
const STREAM_BYTES = 1024
/** What an entry takes besides its characters, about. */
const ENTRY_BYTES = 128
const DEFAULT_MAX_BYTES = 2 ** 31

export interface MemoryStoreOptions {
  /** How much all streams together may take, about; over it, writes that add to it are refused. Default 2 GiB. */
  readonly maxBytes?: number
}

/**
 * Streams in the memory of this process. Every method does its work at once, within one turn of the event loop,
 * which makes each commit atomic. It is meant to be read by those who write a store of their own.
 */
export class MemoryStore implements StreamStore {
  readonly capabilities: StoreCapabilities = {
    name: 'memory',
    durability: 'volatile',
    multiNode: false,
    immediate: true,
  }
  readonly #streams = new Map<StreamPath, StoredStream>()
  readonly #watchers = new Watchers()
  /** Paths of streams that can become due; the ones looked at go to the end. */
  readonly #dueCandidates = new Set<StreamPath>()
  readonly #paths = new PathList((path) => this.#streams.has(path))
  readonly #maxBytes: number
  #usedBytes = 0
  #versions = 0

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxBytes = settleNumbers(options, { maxBytes: DEFAULT_MAX_BYTES }).maxBytes
  }

  load(path: StreamPath, entryKeys: readonly string[]): LoadedStream | null {
    const stored = this.#streams.get(path)
    if (stored === undefined) return null
    const { record, version, commitId, touchedAt } = stored
    return {
      record: stored.hasUnknownFields ? { ...record } : copyKnownFields(record),
      version,
      commitId,
      touchedAt,
      entries: pick(stored.entries, entryKeys),
    }
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): CommitResult {
    const stored = this.#streams.get(path)
    if ((stored?.version ?? null) !== expected) return { kind: 'conflict' }
    if (change.ifTouchedAt !== null && stored?.touchedAt !== change.ifTouchedAt) return { kind: 'conflict' }
    this.#takeSpace(stored, change)
    const version = ++this.#versions
    if (change.record === null) this.#remove(stored)
    else if (stored?.record.streamId === change.record.streamId)
      this.#change(stored, change.record, change, version)
    else this.#create(path, stored, change.record, change, version)
    this.#watchers.wake(path)
    return { kind: 'committed', version }
  }

  read(path: StreamPath, streamId: StreamId, from: number, limitBytes: number): readonly Uint8Array[] | null {
    const stored = this.#streams.get(path)
    return stored?.record.streamId === streamId ? stored.bytes.read(from, limitBytes) : null
  }

  watch(path: StreamPath, wake: () => void): () => void {
    return this.#watchers.add(path, wake)
  }

  touch(path: StreamPath, streamId: StreamId, now: number): void {
    const stored = this.#streams.get(path)
    if (stored?.record.streamId === streamId && now > stored.touchedAt) stored.touchedAt = now
  }

  list(prefix: string, after: string, limit: number): readonly StreamPath[] {
    return this.#paths.list(prefix, after, limit)
  }

  due(now: number, limit: number): readonly StreamPath[] {
    const paths: StreamPath[] = []
    let looks = Math.min(DUE_SCAN, this.#dueCandidates.size)
    for (const path of this.#dueCandidates) {
      if (looks-- <= 0 || paths.length === limit) break
      this.#dueCandidates.delete(path)
      this.#dueCandidates.add(path)
      const { record, touchedAt } = this.#streams.get(path)!
      if (dueAt(record, touchedAt) <= now) paths.push(path)
    }
    return paths
  }

  close(): void {
    this.#watchers.clear()
  }

  #create(
    path: StreamPath,
    replaced: StoredStream | undefined,
    record: StreamRecord,
    change: StreamChange,
    version: number,
  ): void {
    this.#remove(replaced)
    const bytes = new ByteLog(record.base)
    const touchedAt = change.touchedAt ?? record.createdAt
    const created: StoredStream = {
      path: ownCopy(path),
      record: { ...record },
      hasUnknownFields: hasUnknownFields(record),
      version,
      commitId: change.commitId,
      touchedAt,
      canBeDue: false,
      entries: null,
      entryBytes: 0,
      bytes,
    }
    this.#streams.set(created.path, created)
    this.#paths.add(created.path)
    this.#change(created, record, change, version)
  }

  #change(stored: StoredStream, record: StreamRecord, change: StreamChange, version: number): void {
    for (const piece of change.bytes) stored.bytes.append(piece)
    if (change.entries.size > 0) stored.entryBytes += entrySpace(stored.entries, change.entries)
    for (const [key, value] of change.entries) {
      if (value === null) stored.entries?.delete(key)
      else (stored.entries ??= new Map<string, string>()).set(key, value)
    }
    overwriteRecord(stored.record, record)
    stored.version = version
    stored.commitId = change.commitId
    if (change.touchedAt !== null && change.touchedAt > stored.touchedAt) stored.touchedAt = change.touchedAt
    this.#noteDue(stored)
  }

  #noteDue(stored: StoredStream): void {
    const canBeDue = dueAt(stored.record, stored.touchedAt) !== Infinity
    if (canBeDue === stored.canBeDue) return
    stored.canBeDue = canBeDue
    if (canBeDue) this.#dueCandidates.add(stored.path)
    else this.#dueCandidates.delete(stored.path)
  }

  /** Refuses a change that there is no room for, before anything has changed. */
  #takeSpace(stored: StoredStream | undefined, change: StreamChange): void {
    if (change.record === null) return
    const isNew = stored?.record.streamId !== change.record.streamId
    const kept = isNew ? null : stored.entries
    const entries = change.entries.size === 0 ? 0 : entrySpace(kept, change.entries)
    const wanted = totalLength(change.bytes) + entries + (isNew ? STREAM_BYTES : 0)
    if (wanted > 0 && this.#usedBytes + wanted > this.#maxBytes) {
      throw new StoreError('full', `the streams take the ${this.#maxBytes} bytes that they may`)
    }
    this.#usedBytes += wanted
  }

  #remove(stored: StoredStream | undefined): void {
    if (stored === undefined) return
    const { path, record, entryBytes } = stored
    this.#usedBytes -= record.tail - record.base + entryBytes + STREAM_BYTES
    this.#streams.delete(path)
    this.#dueCandidates.delete(path)
    this.#paths.remove(path)
  }
}

/** By how much entries grow when they are changed; less than 0 when they shrink. */
function entrySpace(
  kept: ReadonlyMap<string, string> | null,
  changed: ReadonlyMap<string, string | null>,
): number {
  let space = 0
  for (const [key, value] of changed) {
    const old = kept?.get(key)
    if (old !== undefined) space -= ENTRY_BYTES + key.length + old.length
    if (value !== null) space += ENTRY_BYTES + key.length + value.length
  }
  return space
}

function pick(
  entries: ReadonlyMap<string, string> | null,
  keys: readonly string[],
): ReadonlyMap<string, string> {
  if (entries === null || keys.length === 0) return NO_ENTRIES
  const picked = new Map<string, string>()
  for (const key of keys) {
    const value = entries.get(key)
    if (value !== undefined) picked.set(key, value)
  }
  return picked
}
