import type { CommitResult, LoadedStream, StreamChange, Version } from '../src/store/contract.js'
import type { StreamId, StreamPath } from '../src/protocol/branded.js'
import type { StreamRecord } from '../src/store/record.js'
import { dueAt } from '../src/store/record.js'
import { joinBytes } from '../src/framing/bytes.js'

/** What a test store keeps of one stream. */
export interface KeptStream {
  readonly record: StreamRecord
  readonly version: number
  readonly commitId: string
  readonly touchedAt: number
  readonly entries: ReadonlyMap<string, string>
  /** The version since which nothing but changes that commute was committed. */
  readonly commutesSince: number
  /** The version that last changed an entry. */
  readonly entriesSince: ReadonlyMap<string, number>
}

/** The data of test stores: what outlives an engine, and what several of them share. */
export class TestDisk {
  readonly streams: Map<StreamPath, KeptStream>
  readonly bytes: Map<StreamId, { readonly base: number; readonly content: Uint8Array }>
  readonly watchers: Map<StreamPath, Set<() => void>>
  /** Every change that was committed, in order. */
  readonly log: { readonly path: StreamPath; readonly change: StreamChange }[]
  readonly #commitIds = new Set<string>()
  #versions = 0

  constructor() {
    this.streams = new Map()
    this.bytes = new Map()
    this.watchers = new Map()
    this.log = []
  }

  load(path: StreamPath, entryKeys: readonly string[]): LoadedStream | null {
    const kept = this.streams.get(path)
    if (kept === undefined) return null
    const asked = entryKeys.flatMap((key) =>
      kept.entries.has(key) ? [[key, kept.entries.get(key)!] as const] : [],
    )
    return { ...kept, entries: new Map(asked) }
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): CommitResult {
    const kept = this.streams.get(path)
    if ((kept?.version ?? null) !== expected) return this.#commitMoved(path, expected, change)
    if (this.#commitIds.has(change.commitId)) return { kind: 'conflict' }
    if (change.ifTouchedAt !== null && change.ifTouchedAt !== kept?.touchedAt) return { kind: 'conflict' }
    checkChange(kept, change)
    this.#commitIds.add(change.commitId)
    this.log.push({ path, change })
    const version = ++this.#versions
    if (kept !== undefined && kept.record.streamId !== change.record?.streamId) {
      this.streams.delete(path)
      this.bytes.delete(kept.record.streamId)
    }
    if (change.record !== null) this.#keep(path, this.streams.get(path), change.record, change, version)
    return { kind: 'committed', version }
  }

  read(path: StreamPath, streamId: StreamId, from: number, limitBytes: number): readonly Uint8Array[] | null {
    const kept = this.bytes.get(streamId)
    if (kept === undefined) return null
    if (this.streams.get(path)?.record.streamId !== streamId)
      throw new Error(`${path} does not hold ${streamId}`)
    const at = from - kept.base
    if (at < 0 || at >= kept.content.length)
      throw new Error(`read of ${streamId} at ${from}, which it has not`)
    // Odd pieces on purpose: nothing may depend on where a store splits.
    const end = Math.min(at + Math.max(1, limitBytes), kept.content.length, at + 7)
    const middle = at + ((end - at) >> 1)
    return [kept.content.slice(at, middle), kept.content.slice(middle, end)].filter(
      ({ length }) => length > 0,
    )
  }

  touch(path: StreamPath, streamId: StreamId, now: number): void {
    const kept = this.streams.get(path)
    if (kept?.record.streamId !== streamId || now <= kept.touchedAt) return
    this.streams.set(path, { ...kept, touchedAt: now })
  }

  due(now: number, limit: number): StreamPath[] {
    const paths = [...this.streams].flatMap(([path, { record, touchedAt }]) =>
      dueAt(record, touchedAt) <= now ? [path] : [],
    )
    return paths.slice(0, limit)
  }

  wake(path: StreamPath): void {
    for (const wake of [...(this.watchers.get(path) ?? [])]) wake()
  }

  /** Puts a change that commutes behind others, where nothing else has happened. */
  #commitMoved(path: StreamPath, expected: Version | null, change: StreamChange): CommitResult {
    const kept = this.streams.get(path)
    if (change.commutes !== true || expected === null || kept === undefined) return { kind: 'conflict' }
    const touched = [...change.entries.keys()].map((key) => kept.entriesSince.get(key) ?? 0)
    if (Math.max(kept.commutesSince, ...touched) > Number(expected)) return { kind: 'conflict' }
    if (this.#commitIds.has(change.commitId)) throw new Error('a change that commutes came twice')
    const added = change.bytes.reduce((sum, piece) => sum + piece.length, 0)
    const tail = kept.record.tail + added
    const moved = { ...change, record: { ...change.record!, tail } }
    return { ...this.commit(path, kept.version, moved), tail } as CommitResult
  }

  #keep(
    path: StreamPath,
    kept: KeptStream | undefined,
    record: StreamRecord,
    change: StreamChange,
    version: number,
  ): void {
    const entries = new Map(kept?.entries)
    for (const [key, value] of change.entries) {
      if (value === null) entries.delete(key)
      else entries.set(key, value)
    }
    const before = kept?.touchedAt ?? change.touchedAt ?? record.createdAt
    const touchedAt = change.touchedAt === null ? before : Math.max(before, change.touchedAt)
    const entriesSince = new Map(kept?.entriesSince)
    for (const key of change.entries.keys()) entriesSince.set(key, version)
    const commutesSince = kept !== undefined && change.commutes === true ? kept.commutesSince : version
    const { commitId } = change
    this.streams.set(path, { record, version, commitId, touchedAt, entries, commutesSince, entriesSince })
    const stored = this.bytes.get(record.streamId)
    const content = joinBytes([stored?.content ?? new Uint8Array(0), ...change.bytes, new Uint8Array(0)])
    this.bytes.set(record.streamId, { base: record.base, content })
  }
}

/** What every engine owes every store, whatever happens. */
function checkChange(kept: KeptStream | undefined, change: StreamChange): void {
  if (change.commitId.length < 1 || change.commitId.length > 64)
    throw new Error('a commit id of a wrong length')
  const { record } = change
  if (record === null) {
    if (change.bytes.length > 0 || change.entries.size > 0) throw new Error('a removal that adds something')
    return
  }
  const isSame = kept?.record.streamId === record.streamId
  const before = isSame ? kept.record.tail : record.base
  const added = change.bytes.reduce((sum, piece) => sum + piece.length, 0)
  if (record.tail !== before + added) throw new Error('a tail that does not count the bytes')
  if (isSame && kept.record.closed && !record.closed) throw new Error('a closed stream that opens again')
  if (isSame && kept.record.closed && added > 0) throw new Error('bytes after the end')
}
