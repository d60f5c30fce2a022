import type { Damage, Manifest } from './manifest.js'
import type { FileSystem } from './file-system.js'
import type { FileStoreSettings } from './options.js'
import { Checkpointer } from './checkpointer.js'
import { Deadline } from './deadline.js'
import { FIRST_MANIFEST, readManifest, writeManifest } from './manifest.js'
import { JournalWriter } from './journal-writer.js'
import { Maintenance } from './maintenance.js'
import { SegmentFiles } from './segments.js'
import { StreamIndex } from './stream-index.js'
import { StreamMemory } from './stream-memory.js'
import { TableReader } from './table-reader.js'
import { TableSet } from './table-set.js'
import { asStoreError } from './disk-errors.js'
import { claimDirectory, listNumbers } from './layout.js'
import { randomBytes } from 'node:crypto'
import { recoverJournal } from './recovery.js'

/** Time, chance and turns of the event loop. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `run` soon, after the work that is at hand. */
  defer(run: () => void): void
  /** 32 random bits. */
  newSalt(): number
}

export const nodeRuntime: Runtime = {
  now: () => Date.now(),
  defer: (run) => void setImmediate(run),
  newSalt: () => randomBytes(4).readUInt32LE(),
}

/** An open store, taken apart. */
export interface OpenParts {
  readonly index: StreamIndex
  readonly journal: JournalWriter
  readonly maintenance: Maintenance
  readonly segments: SegmentFiles
  readonly deadline: Deadline
  readonly damage: readonly Damage[]
  /** What was found damaged when the store was opened, and could be made good. */
  readonly repaired: readonly string[]
  readonly syncs: boolean
  readonly unlock: () => Promise<void>
}

/** Locks a directory, finds out what it holds, and brings it into a state in which it can be used. */
export async function openParts(
  fileSystem: FileSystem,
  runtime: Runtime,
  settings: FileStoreSettings,
): Promise<OpenParts> {
  const unlock = await fileSystem.lock()
  try {
    return await recover(fileSystem, runtime, settings, unlock)
  } catch (error) {
    await unlock().catch(() => undefined)
    throw asStoreError(error, 'the data directory cannot be opened')
  }
}

async function recover(
  fileSystem: FileSystem,
  runtime: Runtime,
  settings: FileStoreSettings,
  unlock: () => Promise<void>,
): Promise<OpenParts> {
  await claimDirectory(fileSystem)
  const found = await readManifest(fileSystem)
  if (found.manifest !== null && !found.isComplete) await writeManifest(fileSystem, found.manifest)
  const manifest = await withUnusedNumbers(fileSystem, found.manifest ?? FIRST_MANIFEST)
  const tables = new TableSet(await openTables(fileSystem, manifest))
  const memory = new StreamMemory(settings.cachedStreams)
  try {
    const syncs = settings.durability === 'fsync'
    const writing = { syncs, newSalt: () => runtime.newSalt() }
    const recovered = await recoverJournal(
      fileSystem,
      manifest,
      found.manifest === null,
      tables,
      memory,
      writing,
    )
    const { position, damage, damagedJournals, file, size } = recovered
    const segments = new SegmentFiles(fileSystem, settings.readCacheBytes)
    const opening = { openedAt: runtime.now(), sequence: position.nextSequence }
    const index = new StreamIndex(memory, tables, segments, opening)
    const journal = new JournalWriter(journalOptions(fileSystem, runtime, settings), file, position, size)
    const rest = (): Promise<void> => new Promise((resolve) => runtime.defer(resolve))
    const context = { fileSystem, memory, tables, segments, rest }
    const checkpointer = new Checkpointer(context, manifest, damagedJournals)
    await checkpointer.removeUnnamed()
    const maintenance = new Maintenance(journal, memory, checkpointer, damage, {
      ...settings,
      now: () => runtime.now(),
    })
    const deadline = new Deadline(settings.callTimeoutMs)
    const repaired = [found.problem, ...tables.tables.map(({ problem }) => problem)].filter(isSaid)
    return { index, journal, maintenance, segments, deadline, damage, repaired, syncs, unlock }
  } catch (error) {
    await tables.close()
    throw error
  }
}

function journalOptions(
  fileSystem: FileSystem,
  runtime: Runtime,
  settings: FileStoreSettings,
): ConstructorParameters<typeof JournalWriter>[0] {
  return {
    ...settings,
    fileSystem,
    syncs: settings.durability === 'fsync',
    now: () => runtime.now(),
    newSalt: () => runtime.newSalt(),
  }
}

/** What a crash left may have numbers that the manifest does not know. */
async function withUnusedNumbers(fileSystem: FileSystem, manifest: Manifest): Promise<Manifest> {
  const used = [...(await listNumbers(fileSystem, 'tables')), ...(await listNumbers(fileSystem, 'segments'))]
  return { ...manifest, nextId: used.reduce((next, id) => Math.max(next, id + 1), manifest.nextId) }
}

async function openTables(fileSystem: FileSystem, manifest: Manifest): Promise<TableReader[]> {
  const tables: TableReader[] = []
  try {
    for (const id of manifest.tables) tables.push(await TableReader.open(fileSystem, id))
    return tables
  } catch (error) {
    for (const table of tables) await table.retire()
    throw error
  }
}

function isSaid(problem: string | null): problem is string {
  return problem !== null
}
