import type { Damage, Manifest } from './manifest.js'
import type { Extent, TableHead } from './table-format.js'
import type { FileSystem } from './file-system.js'
import type { SegmentFiles } from './segments.js'
import type { StreamMemory } from './stream-memory.js'
import type { StreamPath } from '@ds/core'
import type { TableSet } from './table-set.js'
import { CheckpointRound } from './checkpoint-round.js'
import { StoreError } from '@ds/core'
import { isStream } from './hot-stream.js'
import { SegmentUses } from './segment-uses.js'
import { OrderedLookup } from './table-set.js'
import { TableReader } from './table-reader.js'
import { TableWriter } from './table-writer.js'
import { copyMerged } from './table-merge.js'
import { journalName, listNumbers, segmentName, tableName } from './layout.js'
import { sortInParts } from './path-order.js'
import { storeStream } from './stream-rows.js'
import { writeManifest } from './manifest.js'

/** A table is joined with older ones that are up to so many times as large. */
const MERGE_RATIO = 2
const MIN_MERGED = 3
/** So many streams are looked at before others have their turn. */
const AT_ONCE = 256

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
  /** Segments that are to be given back, of which what was stored last has taken along what is its. */
  #leaving: ReadonlySet<number> = new Set()
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
    const uses = this.#manifest.segments
    this.#leaving = this.#worthMoving()
    const round = await CheckpointRound.begin(fileSystem, segments, ids, uses, this.#leaving)
    try {
      let count = 0
      for (const stream of await sortInParts(layer.streams, rest)) {
        const storing = storeStream(round, stream, stream.changeToStore(layer))
        if (storing !== undefined) await storing
        else if (++count % AT_ONCE === 0) await rest()
      }
      await round.finish()
    } catch (error) {
      await round.abandon()
      throw error
    }
    const tables = [tableId, ...this.#manifest.tables]
    const next = { journal, damage, tables, segments: round.uses.toManifest() }
    await this.#switch(next, tableId, () => memory.settle(rest))
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
    await this.#switch({ tables: [id, ...this.#manifest.tables.slice(count)] }, id)
    return true
  }

  /**
   * Moves what is left in mostly empty segments, so that their space is given back. Only those are chosen that were
   * so when the last layer was stored: streams that changed since have taken their bytes along already.
   */
  async moveSegments(): Promise<boolean> {
    const chosen = this.#worthMoving()
    for (const id of chosen) if (!this.#leaving.has(id)) chosen.delete(id)
    if (chosen.size === 0) return false
    const paths = await this.#pathsWithBytesIn(chosen)
    const { fileSystem, segments, memory, rest } = this.#context
    const tableId = this.#nextId++
    const ids = { table: tableId, segment: this.#nextId++ }
    const round = await CheckpointRound.begin(fileSystem, segments, ids, this.#manifest.segments, chosen)
    const moved: (readonly [StreamPath, readonly Extent[]])[] = []
    try {
      const lookup = new OrderedLookup(this.#context.tables.tables)
      for (const { path } of await sortInParts(paths, rest)) {
        const head = await lookup.find(path)
        if (isStream(head) && hasBytesIn(chosen, head))
          moved.push([path, await moveStream(round, path, head, chosen)])
      }
      await round.finish()
    } catch (error) {
      await round.abandon()
      if (error instanceof StoreError && error.code === 'corrupt')
        for (const id of chosen) this.#unmovable.add(id)
      throw error
    }
    const next = { tables: [tableId, ...this.#manifest.tables], segments: round.uses.toManifest() }
    await this.#switch(next, tableId, async () => {
      for (const [i, [path, extents]] of moved.entries()) {
        if (i % AT_ONCE === AT_ONCE - 1) await rest()
        memory.move(path, extents)
      }
    })
    return true
  }

  #worthMoving(): Set<number> {
    const chosen = new SegmentUses(this.#manifest.segments).worthMoving()
    for (const id of this.#unmovable) chosen.delete(id)
    return chosen
  }

  /** Streams that had bytes in some segments, and may still have them there. */
  async #pathsWithBytesIn(chosen: ReadonlySet<number>): Promise<{ readonly path: StreamPath }[]> {
    const { memory, rest } = this.#context
    const paths = new Set<StreamPath>()
    let count = 0
    for (const id of chosen) {
      for (const path of await this.#pathsIn(id)) {
        if (++count % AT_ONCE === 0) await rest()
        const atHand = memory.peek(path)
        if (atHand === undefined || hasBytesIn(chosen, atHand)) paths.add(path)
      }
    }
    return Array.from(paths, (path) => ({ path }))
  }

  async #pathsIn(segment: number): Promise<readonly StreamPath[]> {
    try {
      return (await this.#context.segments.pathsIn(segment)) as StreamPath[]
    } catch (error) {
      this.#unmovable.add(segment)
      throw error
    }
  }

  /** @param onSwitched brings memory up to that, before anything is removed that it may still name */
  async #switch(next: Partial<Manifest>, newTable: number, onSwitched?: () => Promise<void>): Promise<void> {
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
    await onSwitched?.()
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

function hasBytesIn(
  segments: ReadonlySet<number>,
  { extents }: { readonly extents: readonly Extent[] },
): boolean {
  return extents.some(({ segment }) => segments.has(segment))
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
