import type { Damage, Manifest } from './manifest.js'
import type { Extent, TableHead } from './table-format.js'
import type { FileSystem } from './file-system.js'
import type { HotLayer, HotStream, KnownEntries } from './hot-layer.js'
import type { SegmentFiles } from './segments.js'
import type { StreamPath } from '@ds/core'
import type { TableSet } from './table-set.js'
import { CheckpointRound } from './checkpoint-round.js'
import { EMPTY_KEY, encodeEntry, encodeHead } from './table-format.js'
import { StoreError, comparePaths, dueAt } from '@ds/core'
import { isStream, knownBelow } from './hot-layer.js'
import { SegmentUses } from './segment-uses.js'
import { TableReader } from './table-reader.js'
import { TableWriter } from './table-writer.js'
import { copyMerged } from './table-merge.js'
import { journalName, listNumbers, segmentName, tableName } from './layout.js'
import { writeManifest } from './manifest.js'

/** A table is joined with older ones that are up to so many times as large. */
const MERGE_RATIO = 2
const MIN_MERGED = 3
/** Heads with more entries at hand than this forget them. */
const MAX_KNOWN = 64

export interface CheckpointerContext {
  readonly fileSystem: FileSystem
  readonly tables: TableSet
  readonly segments: SegmentFiles
}

/**
 * Brings what changed from memory into tables and segments, so that the journal can be dropped; joins tables; moves
 * bytes together. Each of these makes new files, then a new manifest, and only then removes what that no longer
 * names. After a failure nothing has changed, except that files may be left that the next success removes.
 */
export class Checkpointer {
  readonly #context: CheckpointerContext
  #manifest: Manifest
  /** Never goes back, not even after a failure: a manifest may have come to the disk that names these numbers. */
  #nextId: number
  readonly #unmovable = new Set<number>()
  readonly #damagedJournals: ReadonlySet<number>

  constructor(context: CheckpointerContext, manifest: Manifest, damagedJournals: ReadonlySet<number>) {
    this.#context = context
    this.#manifest = manifest
    this.#nextId = manifest.nextId
    this.#damagedJournals = damagedJournals
  }

  /**
   * Stores a layer that does not change any more.
   *
   * @param journal the first journal file with commits that are not in the layer
   * @param onSwitched called at the moment from which the tables have everything that the layer has
   */
  async storeLayer(
    layer: HotLayer,
    journal: number,
    damage: readonly Damage[],
    onSwitched: () => void,
  ): Promise<void> {
    const tableId = this.#nextId++
    const { fileSystem, segments } = this.#context
    const ids = { table: tableId, segment: this.#nextId++ }
    const round = await CheckpointRound.begin(fileSystem, segments, ids, this.#manifest.segments)
    const changed = new Map<StreamPath, TableHead | null>()
    try {
      for (const path of layer.sortedPaths())
        changed.set(path, await this.#storeStream(round, path, layer.get(path)!))
      await round.finish()
    } catch (error) {
      await round.abandon()
      throw error
    }
    await this.#switch(
      { journal, damage, tables: [tableId, ...this.#manifest.tables], segments: round.uses.toManifest() },
      tableId,
      changed,
      onSwitched,
    )
  }

  /** Joins tables when there are many of similar size; false when there was nothing to do. */
  async joinTables(): Promise<boolean> {
    const { tables } = this.#context.tables
    let size = tables[0]?.size ?? 0
    let count = 1
    while (count < tables.length && tables[count]!.size <= size * MERGE_RATIO) size += tables[count++]!.size
    if (count < MIN_MERGED) return false
    const id = this.#nextId++
    const writer = await TableWriter.create(this.#context.fileSystem, id)
    try {
      await copyMerged(tables.slice(0, count), writer, count === tables.length)
      await writer.finish()
    } catch (error) {
      await writer.abandon()
      throw error
    }
    await this.#switch(
      { tables: [id, ...this.#manifest.tables.slice(count)] },
      id,
      new Map(),
      () => undefined,
    )
    return true
  }

  /** Moves what is left in mostly empty segments, so that their space is given back. */
  async moveSegments(): Promise<boolean> {
    const chosen = new SegmentUses(this.#manifest.segments).worthMoving()
    for (const id of this.#unmovable) chosen.delete(id)
    if (chosen.size === 0) return false
    const { fileSystem, segments, tables } = this.#context
    const paths = new Set<string>()
    for (const id of chosen) for (const path of await this.#pathsIn(id)) paths.add(path)
    const tableId = this.#nextId++
    const ids = { table: tableId, segment: this.#nextId++ }
    const round = await CheckpointRound.begin(fileSystem, segments, ids, this.#manifest.segments)
    const changed = new Map<StreamPath, TableHead | null>()
    try {
      for (const path of [...paths].sort(comparePaths) as StreamPath[]) {
        const head = await tables.find(path)
        if (!isStream(head) || !head.extents.some(({ segment }) => chosen.has(segment))) continue
        changed.set(path, await this.#moveStream(round, path, head, chosen))
      }
      await round.finish()
    } catch (error) {
      await round.abandon()
      if (error instanceof StoreError && error.code === 'corrupt')
        for (const id of chosen) this.#unmovable.add(id)
      throw error
    }
    const next = { tables: [tableId, ...this.#manifest.tables], segments: round.uses.toManifest() }
    await this.#switch(next, tableId, changed, () => undefined)
    return true
  }

  async #pathsIn(segment: number): Promise<string[]> {
    try {
      return await this.#context.segments.pathsIn(segment)
    } catch (error) {
      this.#unmovable.add(segment)
      throw error
    }
  }

  /** Adds a stream's rows; returns its head as the table has it. */
  async #storeStream(round: CheckpointRound, path: StreamPath, hot: HotStream): Promise<TableHead | null> {
    const old = hot.isAbove ? await this.#context.tables.find(path) : null
    const isSame = isStream(old) && old.record.streamId === hot.record?.streamId
    if (old !== null && !isSame) round.uses.release(old.extents)
    if (hot.record === null && old === null) return null
    const extents = await round.addBytes(path, hot, isSame ? old.extents : [])
    const mayHaveEntries = (isSame && old.mayHaveEntries) || hot.entries !== null
    const { record, version, commitId, touchedAt } = hot
    const known = fewEntries(knownBelow(hot))
    const head: TableHead = { record, version, commitId, touchedAt, mayHaveEntries, extents, known }
    await addHead(round, path, head)
    const keys = [...(hot.entries ?? [])].map(([key, value]) => [Buffer.from(key), value] as const)
    if (record !== null) {
      for (const [key, value] of keys.sort(([a], [b]) => Buffer.compare(a, b))) {
        const row = {
          path: Buffer.from(path),
          key,
          value: encodeEntry(record.streamId, value),
          due: Infinity,
        }
        await round.table.add(row)
      }
    }
    return head
  }

  async #moveStream(
    round: CheckpointRound,
    path: StreamPath,
    head: TableHead,
    chosen: ReadonlySet<number>,
  ): Promise<TableHead> {
    const extents: Extent[] = []
    for (const extent of head.extents) {
      extents.push(chosen.has(extent.segment) ? await round.copyBytes(path, [extent]) : extent)
    }
    const moved = { ...head, extents }
    await addHead(round, path, moved)
    return moved
  }

  async #switch(
    next: Partial<Manifest>,
    newTable: number,
    changed: ReadonlyMap<StreamPath, TableHead | null>,
    onSwitched: () => void,
  ): Promise<void> {
    const { fileSystem, tables } = this.#context
    await fileSystem.syncDirectory('tables')
    await fileSystem.syncDirectory('segments')
    const reader = await TableReader.open(fileSystem, newTable)
    const manifest = { ...this.#manifest, ...next, nextId: this.#nextId }
    try {
      await writeManifest(fileSystem, manifest)
    } catch (error) {
      await reader.retire()
      throw error
    }
    this.#manifest = manifest
    const before = tables.tables
    const kept = before.filter(({ id }) => manifest.tables.includes(id))
    tables.replace([reader, ...kept], changed)
    onSwitched()
    for (const table of before) if (!kept.includes(table)) await table.retire()
    await this.removeUnnamed()
  }

  /** Removes files that the manifest, which is durable, does not name. */
  async removeUnnamed(): Promise<void> {
    const { fileSystem, segments } = this.#context
    const { journal, tables } = this.#manifest
    const live = new Set(this.#manifest.segments.map(({ id }) => id))
    for (const id of await listNumbers(fileSystem, 'tables')) {
      if (!tables.includes(id)) await fileSystem.remove(tableName(id))
    }
    for (const id of await listNumbers(fileSystem, 'segments')) {
      if (live.has(id)) continue
      await segments.forget(id)
      await fileSystem.remove(segmentName(id))
    }
    for (const number of await listNumbers(fileSystem, 'journal')) {
      if (number >= journal) continue
      const name = journalName(number)
      if (this.#damagedJournals.has(number))
        await fileSystem.rename(name, name.replace('journal/', 'damaged/'))
      else await fileSystem.remove(name)
    }
  }
}

async function addHead(round: CheckpointRound, path: StreamPath, head: TableHead): Promise<void> {
  const due = head.record === null ? Infinity : dueAt(head.record, head.touchedAt)
  await round.table.add({
    path: Buffer.from(path),
    key: EMPTY_KEY,
    value: encodeHead(head, head.extents),
    due,
  })
}

function fewEntries(known: KnownEntries): KnownEntries {
  return known !== null && known.size > MAX_KNOWN ? null : known
}
