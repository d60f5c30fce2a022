import type { LoadedStream, MaybePromise, StreamId, StreamPath } from '@ds/core'
import type { Extent, TableHead } from './table-format.js'
import type { SegmentFiles } from './segments.js'
import type { Step, StreamHead } from './hot-layer.js'
import type { TableSet } from './table-set.js'
import { HotLayer, HotStream, isStream } from './hot-layer.js'
import { StoreError, dueAt } from '@ds/core'
import { listPaths } from './path-listing.js'

/** What the store opened with, as far as it matters to what is found. */
export interface Opening {
  /** Opening counts as a touch of every stream that there was. */
  readonly openedAt: number
  /** The sequence number of the first commit after opening. */
  readonly sequence: number
}

const NO_ENTRIES: ReadonlyMap<string, string> = new Map()
/** How many streams in memory, and how many blocks of tables, one call of `due` looks at. */
const DUE_LOOKS = 10_000
const DUE_BLOCKS = 64
const MAX_ATTEMPTS = 8

/**
 * Where streams are found: what changed last is in the active layer, what is being stored in the sealed one, and
 * everything else in the tables. Only what is durable comes in here.
 */
export class StreamIndex {
  active: HotLayer
  sealed: HotLayer | null = null
  readonly tables: TableSet
  readonly #segments: SegmentFiles
  readonly #opening: Opening
  #dueBlock = 0
  #dueTurns = 0

  constructor(active: HotLayer, tables: TableSet, segments: SegmentFiles, opening: Opening) {
    this.active = active
    this.tables = tables
    this.#segments = segments
    this.#opening = opening
    for (const [path, hot] of active.streams) {
      hot.touchedAt = Math.max(hot.touchedAt, opening.openedAt)
      active.noteDue(path, hot)
    }
  }

  /** A stream's head if it is at hand: null when there is none, undefined when the tables have to be asked. */
  headNow(path: StreamPath): StreamHead | null | undefined {
    const hot = this.#hot(path)
    if (hot !== undefined) return hot
    const head = this.tables.tables.length === 0 ? null : this.tables.cached(path)
    return head === undefined || head === null ? head : this.#touchedByOpening(head)
  }

  async head(path: StreamPath): Promise<StreamHead | null> {
    for (;;) {
      const now = this.headNow(path)
      if (now !== undefined) return now
      const { generation } = this.tables
      const head = await this.tables.find(path)
      if (generation !== this.tables.generation || this.#hot(path) !== undefined) continue
      return head === null ? null : this.#touchedByOpening(head)
    }
  }

  load(path: StreamPath, keys: readonly string[]): MaybePromise<LoadedStream | null> {
    const head = this.headNow(path)
    if (head === undefined) return this.head(path).then((found) => this.#withEntries(path, found, keys))
    return this.#withEntries(path, head, keys)
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): MaybePromise<readonly Uint8Array[] | null> {
    for (const layer of [this.active, this.sealed]) {
      const found = layer?.read(path, streamId, from, limitBytes) ?? null
      if (found !== 'below' && layer?.get(path) !== undefined) return found
    }
    return this.#readStored(path, streamId, from, limitBytes)
  }

  /** Carries out a commit that has become durable. `before` is the head that it was compared with. */
  apply(path: StreamPath, before: StreamHead | null, step: Step): void {
    let hot = this.active.get(path)
    hot ??= this.active.add(path, this.#continued(path, before))
    this.active.apply(path, hot, step)
  }

  async touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    if (this.headNow(path) === undefined) await this.head(path)
    // Looked at again, because it may have changed since it was found.
    const head = this.headNow(path)
    if (head === undefined) return this.touch(path, streamId, now)
    if (head?.record?.streamId !== streamId || now <= head.touchedAt) return
    const hot = this.active.get(path) ?? this.active.add(path, this.#continued(path, head))
    hot.touchedAt = Math.max(now, hot.touchedAt)
    this.active.noteDue(path, hot)
  }

  /** Starts a new active layer; the one before it does not change any more. */
  seal(): void {
    this.sealed = this.active
    this.active = new HotLayer()
  }

  list(prefix: string, after: string, limit: number): Promise<StreamPath[]> {
    const layers = this.sealed === null ? [this.active] : [this.active, this.sealed]
    return this.tables.pinned((tables) => listPaths(tables, layers, prefix, after, limit))
  }

  async due(now: number, limit: number): Promise<StreamPath[]> {
    const due = new Set(this.active.due(now, limit, DUE_LOOKS))
    for (const path of this.sealed?.due(now, limit, DUE_LOOKS) ?? []) {
      if (this.active.get(path) === undefined) due.add(path)
    }
    const stored = new Set<StreamPath>()
    await this.tables.pinned(async (tables) => {
      const blocks = tables.flatMap((table) => table.blocks.map((entry, index) => ({ table, entry, index })))
      const start = blocks.length === 0 ? 0 : this.#dueBlock % blocks.length
      let looks = 0
      for (let i = 0; i < blocks.length && stored.size < limit && looks < DUE_BLOCKS; i++) {
        const { table, entry, index } = blocks[(start + i) % blocks.length]!
        if (entry.due > now) continue
        looks++
        this.#dueBlock = start + i + 1
        entry.due = await this.#dueInBlock(await table.readBlock(index).catch(() => []), now, stored)
      }
    })
    return this.#takeTurns([...new Set([...due, ...stored])], limit)
  }

  /** Which of too many are named changes from call to call, so that none waits for others that stay due for ever. */
  #takeTurns(paths: readonly StreamPath[], limit: number): StreamPath[] {
    if (paths.length <= limit) return [...paths]
    const start = (Math.imul(++this.#dueTurns, 0x9e3779b1) >>> 16) % paths.length
    return [...paths.slice(start), ...paths.slice(0, start)].slice(0, limit)
  }

  /** Adds the due streams of a block; returns when it has to be looked at again. */
  async #dueInBlock(
    rows: readonly { path: Buffer; due: number }[],
    now: number,
    due: Set<StreamPath>,
  ): Promise<number> {
    let next = Infinity
    for (const row of rows) {
      if (row.due > now) {
        next = Math.min(next, row.due)
        continue
      }
      const path = row.path.toString() as StreamPath
      // What is in memory is looked at there, and comes into a newer table later.
      if (this.#hot(path) !== undefined) continue
      const head = await this.head(path)
      if (!isStream(head)) continue
      const moment = dueAt(head.record, head.touchedAt)
      next = Math.min(next, moment)
      if (moment <= now) due.add(path)
    }
    return next
  }

  #hot(path: StreamPath): HotStream | undefined {
    return this.active.get(path) ?? this.sealed?.get(path)
  }

  #continued(path: StreamPath, head: StreamHead | null): HotStream {
    const sealed = this.sealed?.get(path)
    if (sealed !== undefined) return sealed.continued()
    // It was sealed when it was looked at, and has been stored since.
    if (head instanceof HotStream) return head.continued()
    const known = (head as TableHead | null)?.known ?? null
    return new HotStream(head ?? ABSENT, head !== null, known === null ? null : new Map(known))
  }

  #touchedByOpening(head: TableHead): TableHead {
    const { openedAt, sequence } = this.#opening
    return head.version >= sequence || head.touchedAt >= openedAt ? head : { ...head, touchedAt: openedAt }
  }

  #withEntries(
    path: StreamPath,
    head: StreamHead | null,
    keys: readonly string[],
  ): MaybePromise<LoadedStream | null> {
    if (!isStream(head)) return null
    const entries = keys.length === 0 ? NO_ENTRIES : this.#entriesNow(path, head, keys)
    if (entries === null) return this.#loadEntries(path, keys)
    const { record, version, commitId, touchedAt } = head
    return { record, version, commitId, touchedAt, entries }
  }

  /** The entries that are asked for; null when one of them has to be looked up. */
  #entriesNow(
    path: StreamPath,
    head: StreamHead,
    keys: readonly string[],
  ): ReadonlyMap<string, string> | null {
    const entries = new Map<string, string>()
    for (const key of keys) {
      const value = this.#entryNow(path, head, key)
      if (value === undefined) return null
      if (value !== null) entries.set(key, value)
    }
    return entries
  }

  #entryNow(path: StreamPath, head: StreamHead, key: string): string | null | undefined {
    const hot = this.active.get(path)
    const value = hot?.entryHere(key)
    if (value !== undefined) return value
    const sealed = this.sealed?.get(path)
    if (sealed !== undefined) return sealed.entryHere(key)
    if (hot !== undefined) return undefined
    return head.mayHaveEntries ? (head as TableHead).known?.get(key) : null
  }

  /** Looks up what the tables have of some entries, and keeps it at hand. */
  async #loadEntries(path: StreamPath, keys: readonly string[]): Promise<LoadedStream | null> {
    const found = new Map<string, string | null>()
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const before = await this.head(path)
      if (!isStream(before)) return null
      const { generation } = this.tables
      for (const key of keys) found.set(key, await this.tables.findEntry(path, before.record.streamId, key))
      const head = await this.head(path)
      if (head?.record?.streamId !== before.record.streamId || generation !== this.tables.generation) continue
      const holder = this.active.get(path) ?? this.sealed?.get(path) ?? (head as TableHead)
      // What a layer knows is newer than what the tables say.
      for (const [key, value] of found)
        if (this.#entryNow(path, head, key) === undefined) (holder.known ??= new Map()).set(key, value)
      const loaded = this.#withEntries(path, head, keys)
      if (loaded === null || !('then' in loaded)) return loaded
    }
    throw new StoreError('unavailable', 'the stream changes too fast')
  }

  async #readStored(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): Promise<readonly Uint8Array[] | null> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { generation } = this.tables
      const head = await this.tables.find(path)
      if (head?.record?.streamId !== streamId) return null
      const extent = extentAt(head.extents, from)
      if (extent === null) throw new StoreError('corrupt', 'bytes of a stream are missing')
      const pieces = await this.#segments.read(extent, from, limitBytes)
      if (pieces !== null) return pieces
      if (generation === this.tables.generation) break
    }
    throw new StoreError('corrupt', 'a segment is missing')
  }
}

const ABSENT: StreamHead = { record: null, version: 0, commitId: '', touchedAt: 0, mayHaveEntries: false }

/** The extent that holds a position, by halving. */
function extentAt(extents: readonly Extent[], position: number): Extent | null {
  let low = 0
  let high = extents.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (extents[middle]!.position <= position) low = middle
    else high = middle - 1
  }
  const extent = extents[low]
  const isInside =
    extent !== undefined && position >= extent.position && position < extent.position + extent.length
  return isInside ? extent : null
}
