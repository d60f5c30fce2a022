import type { Damage, Manifest } from './manifest.js'
import type { Extent, TableHead } from './table-format.js'
import type { FileSystem } from './file-system.js'
import type { HotChange, HotStream } from './hot-stream.js'
import type { SegmentFiles } from './segments.js'
import type { StreamMemory } from './stream-memory.js'
import type { StreamPath } from '@ds/core'
import type { TableSet } from './table-set.js'
import { CheckpointRound } from './checkpoint-round.js'
import { StoreError, comparePaths } from '@ds/core'
import { isStream } from './hot-stream.js'
import { SegmentUses } from './segment-uses.js'
import { TableReader } from './table-reader.js'
import { TableWriter } from './table-writer.js'
import { copyMerged } from './table-merge.js'
import { journalName, listNumbers, segmentName, tableName } from './layout.js'
import { sortInParts } from './path-order.js'
import { writeManifest } from './manifest.js'

/** A table is joined with older ones that are up to so many times as large. */
const MERGE_RATIO = 2
const MIN_MERGED = 3
const NO_EXTENTS: readonly Extent[] = []

export interface CheckpointerContext {
  readonly fileSystem: FileSystem
  readonly memory: StreamMemory
  readonly tables: TableSet
  readonly segments: SegmentFiles
  /** Lets others have their turn. */
  readonly rest: () => Promise<void>
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
   * Stores the sealed layer; from then on the tables have everything that it has.
   *
   * @param journal the first journal file with commits that are not in the layer
   */
  async storeSealed(journal: number, damage: readonly Damage[]): Promise<void> {
    const { fileSystem, segments, memory, rest } = this.#context
    const layer = memory.sealed!
    const tableId = this.#nextId++
    const ids = { table: tableId, segment: this.#nextId++ }
    const round = await CheckpointRound.begin(fileSystem, segments, ids, this.#manifest.segments)
    try {
      for (const stream of await sortInParts(layer.streams, rest))
        await storeStream(round, stream, stream.changeToStore(layer))
      await round.finish()
    } catch (error) {
      await round.abandon()
      throw error
    }
    const tables = [tableId, ...this.#manifest.tables]
    const next = { journal, damage, tables, segments: round.uses.toManifest() }
    await this.#switch(next, tableId, () => memory.settle())
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
    await this.#switch({ tables: [id, ...this.#manifest.tables.slice(count)] }, id, () => undefined)
    return true
  }

  /** Moves what is left in mostly empty segments, so that their space is given back. */
  async moveSegments(): Promise<boolean> {
    const chosen = new SegmentUses(this.#manifest.segments).worthMoving()
    for (const id of this.#unmovable) chosen.delete(id)
    if (chosen.size === 0) return false
    const paths = new Set<string>()
    for (const id of chosen) for (const path of await this.#pathsIn(id)) paths.add(path)
    const { fileSystem, segments, memory } = this.#context
    const tableId = this.#nextId++
    const ids = { table: tableId, segment: this.#nextId++ }
    const round = await CheckpointRound.begin(fileSystem, segments, ids, this.#manifest.segments)
    const moved = new Map<StreamPath, readonly Extent[]>()
    try {
      for (const path of [...paths].sort(comparePaths) as StreamPath[]) {
        const head = await this.#headWithBytesIn(chosen, path)
        if (head !== null) moved.set(path, await moveStream(round, path, head, chosen))
      }
      await round.finish()
    } catch (error) {
      await round.abandon()
      if (error instanceof StoreError && error.code === 'corrupt')
        for (const id of chosen) this.#unmovable.add(id)
      throw error
    }
    const next = { tables: [tableId, ...this.#manifest.tables], segments: round.uses.toManifest() }
    await this.#switch(next, tableId, () => {
      for (const [path, extents] of moved) memory.move(path, extents)
    })
    return true
  }

  /** A stream as the tables have it, if some of its bytes are in one of these segments; else null. */
  async #headWithBytesIn(chosen: ReadonlySet<number>, path: StreamPath): Promise<TableHead | null> {
    const { memory, tables } = this.#context
    const hasBytes = ({ extents }: { readonly extents: readonly Extent[] }): boolean =>
      extents.some(({ segment }) => chosen.has(segment))
    const atHand = memory.get(path)
    if (atHand !== undefined && !hasBytes(atHand)) return null
    const head = await tables.find(path)
    return isStream(head) && hasBytes(head) ? head : null
  }

  async #pathsIn(segment: number): Promise<string[]> {
    try {
      return await this.#context.segments.pathsIn(segment)
    } catch (error) {
      this.#unmovable.add(segment)
      throw error
    }
  }

  async #switch(next: Partial<Manifest>, newTable: number, onSwitched: () => void): Promise<void> {
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
    tables.replace([reader, ...kept])
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

/** Adds a stream's rows, and notes where its bytes will be. */
async function storeStream(round: CheckpointRound, stream: HotStream, change: HotChange): Promise<void> {
  const { path } = stream
  const { log, isWhole, entries } = change
  change.extents = isWhole ? NO_EXTENTS : stream.extents
  if (isWhole) round.uses.release(stream.extents)
  if ((change.head ?? stream).record === null && !stream.isStored) return
  if (log !== null) change.extents = await round.addBytes(path, log, change.extents)
  // Looked at only now, because the stream may have changed meanwhile; then the change has kept what it was.
  const { record, version, commitId, touchedAt } = change.head ?? stream
  const mayHaveEntries = (!isWhole && stream.mayHaveEntries) || entries !== null
  const head = { record, version, commitId, touchedAt, mayHaveEntries, extents: change.extents }
  const adding = round.table.addHead(path, head)
  if (adding !== undefined) await adding
  if (record === null || entries === null) return
  const { streamId } = record
  // Keys are in the order of their bytes, as paths are.
  for (const [key, value] of [...entries].sort(([a], [b]) => comparePaths(a, b)))
    await round.table.addEntry(path, key, streamId, value)
}

async function moveStream(
  round: CheckpointRound,
  path: StreamPath,
  head: TableHead,
  chosen: ReadonlySet<number>,
): Promise<readonly Extent[]> {
  const extents: Extent[] = []
  for (const extent of head.extents) {
    extents.push(chosen.has(extent.segment) ? await round.copyBytes(path, [extent]) : extent)
  }
  await round.table.addHead(path, { ...head, extents })
  return extents
}
