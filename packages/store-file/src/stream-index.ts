import type { Extent } from './table-format.js'
import type { HotStream } from './hot-stream.js'
import type { LoadedStream, MaybePromise, StreamId, StreamPath } from '@ds/core'
import type { SegmentFiles } from './segments.js'
import type { StreamMemory } from './stream-memory.js'
import type { TableSet } from './table-set.js'
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
 * Where streams are found: in memory, or else in the tables, which bring them there. Only what is durable comes in
 * here.
 */
export class StreamIndex {
  readonly memory: StreamMemory
  readonly tables: TableSet
  readonly #segments: SegmentFiles
  readonly #opening: Opening
  #dueBlock = 0
  #dueTurns = 0

  constructor(memory: StreamMemory, tables: TableSet, segments: SegmentFiles, opening: Opening) {
    this.memory = memory
    this.tables = tables
    this.#segments = segments
    this.#opening = opening
    for (const stream of memory.active.streams) {
      stream.touchedAt = Math.max(stream.touchedAt, opening.openedAt)
      memory.noteDue(stream)
    }
  }

  /** What is at a path: null for certainly nothing, undefined when the tables have to be asked. */
  now(path: StreamPath): HotStream | null | undefined {
    return this.memory.get(path) ?? (this.tables.mayHave(path) ? undefined : null)
  }

  /** Brings what the tables say of a path into memory. Others may make it go from there again at once. */
  async bring(path: StreamPath): Promise<void> {
    const { generation } = this.tables
    const head = await this.tables.find(path)
    if (generation !== this.tables.generation || this.memory.get(path) !== undefined) return
    const { openedAt, sequence } = this.#opening
    const stream = this.memory.add(path, head)
    if (head !== null && head.version < sequence) stream.touchedAt = Math.max(stream.touchedAt, openedAt)
  }

  /** As `now`, after the tables were asked if need be. */
  async find(path: StreamPath): Promise<HotStream | null> {
    for (;;) {
      const found = this.now(path)
      if (found !== undefined) return found
      await this.bring(path)
    }
  }

  load(path: StreamPath, keys: readonly string[]): MaybePromise<LoadedStream | null> {
    const stream = this.now(path)
    if (stream === undefined) return this.bring(path).then(() => this.load(path, keys))
    if (!stream?.exists()) return null
    if (keys.length === 0) return loaded(stream, NO_ENTRIES)
    const entries = new Map<string, string>()
    for (const key of keys) {
      const value = stream.entryHere(key)
      if (value === undefined) return this.#loadEntries(path, keys)
      if (value !== null) entries.set(key, value)
    }
    return loaded(stream, entries)
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): MaybePromise<readonly Uint8Array[] | null> {
    const found = this.memory.get(path)?.readHere(streamId, from, limitBytes)
    return found === undefined ? this.#readStored(path, streamId, from, limitBytes) : found
  }

  async touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    const stream = this.now(path)
    if (stream === undefined) return this.bring(path).then(() => this.touch(path, streamId, now))
    if (stream?.exists() && stream.streamId === streamId && now > stream.touchedAt)
      this.memory.touch(stream, now)
  }

  list(prefix: string, after: string, limit: number): Promise<StreamPath[]> {
    const { active, sealed } = this.memory
    const layers = sealed === null ? [active] : [active, sealed]
    return this.tables.pinned((tables) => listPaths(tables, layers, prefix, after, limit))
  }

  async due(now: number, limit: number): Promise<StreamPath[]> {
    const due = new Set(this.memory.due(now, limit, DUE_LOOKS))
    await this.tables.pinned(async (tables) => {
      const blocks = tables.flatMap((table) => table.blocks.map((entry, index) => ({ table, entry, index })))
      const start = blocks.length === 0 ? 0 : this.#dueBlock % blocks.length
      const stored = new Set<StreamPath>()
      let looks = 0
      for (let i = 0; i < blocks.length && stored.size < limit && looks < DUE_BLOCKS; i++) {
        const { table, entry, index } = blocks[(start + i) % blocks.length]!
        if (entry.due > now) continue
        looks++
        this.#dueBlock = start + i + 1
        entry.due = await this.#dueInBlock(await table.readBlock(index).catch(() => []), now, stored)
      }
      for (const path of stored) due.add(path)
    })
    return this.#takeTurns([...due], limit)
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
      const stream = await this.find(path)
      // What has changed is looked at in memory, and comes into a newer table later.
      if (!stream?.exists() || stream.hasChanged) continue
      const moment = dueAt(stream.pattern, stream.touchedAt)
      next = Math.min(next, moment)
      if (moment <= now) due.add(path)
    }
    return next
  }

  /** Looks up what the tables have of some entries, and keeps it at hand. */
  async #loadEntries(path: StreamPath, keys: readonly string[]): Promise<LoadedStream | null> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const before = await this.find(path)
      if (!before?.exists()) return null
      const { streamId } = before
      const { generation } = this.tables
      const stored = new Map<string, string | null>()
      for (const key of keys) stored.set(key, await this.tables.findEntry(path, streamId, key))
      const stream = this.memory.get(path)
      if (!stream?.exists() || stream.streamId !== streamId) continue
      if (generation !== this.tables.generation) continue
      stream.remember(stored)
      const entries = new Map<string, string>()
      for (const key of keys) {
        // What is in memory is newer than what the tables say.
        const here = stream.entryHere(key)
        const value = here === undefined ? stored.get(key) : here
        if (value !== undefined && value !== null) entries.set(key, value)
      }
      return loaded(stream, entries)
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
      const stream = await this.find(path)
      const { generation } = this.tables
      const found = stream === null ? null : stream.readHere(streamId, from, limitBytes)
      if (found !== undefined) return found
      const extent = extentAt(stream!.extents, from)
      if (extent === null) throw new StoreError('corrupt', 'bytes of a stream are missing')
      const pieces = await this.#segments.read(extent, from, limitBytes)
      if (pieces !== null) return pieces
      if (generation === this.tables.generation) break
    }
    throw new StoreError('corrupt', 'a segment is missing')
  }
}

function loaded(stream: HotStream, entries: ReadonlyMap<string, string>): LoadedStream {
  const { record, version, commitId, touchedAt } = stream
  return { record: record!, version, commitId, touchedAt, entries }
}

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
