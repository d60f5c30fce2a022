import type { Damage, Manifest } from './manifest.js'
import type { FileSystem } from './file-system.js'
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

export interface FileStoreOptions {
  /**
   * When a commit is answered: `fsync` (the default), when the disk has it, so that it survives a loss of power;
   * `os`, when the operating system has it, so that it survives the end of the process.
   */
  readonly durability?: 'fsync' | 'os'
  /** Bytes of journal, which a start after a crash has to read, after which a checkpoint is made. Default 128 MiB. */
  readonly checkpointBytes?: number
  /** Bytes of streams in memory, added since the last checkpoint, after which one is made. Default 48 MiB. */
  readonly unstoredBytes?: number
  /** Changed streams after which a checkpoint is made. Default 131,072. */
  readonly checkpointStreams?: number
  /** How many streams' records are kept at hand, at about half a kilobyte each; changed ones are kept anyway. Default 131,072. */
  readonly cachedStreams?: number
  /** How much of what was read from segments is kept in memory for other readers, in bytes; 0 for none. Default 64 MiB. */
  readonly readCacheBytes?: number
  /** How far the journal is filled with zeros in advance, in bytes. Default 4 MiB. */
  readonly preallocateBytes?: number
  /** Bytes of one write to the journal; a single longer commit still goes whole. Default 16 MiB. */
  readonly batchBytes?: number
  /** How long a call may take before it is given up, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number
  /** Told of faults in work that no call waits for, and when opening of what is damaged, one by one. */
  readonly onFault?: (error: unknown) => void
}

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
  options: FileStoreOptions,
): Promise<OpenParts> {
  const unlock = await fileSystem.lock()
  try {
    return await recover(fileSystem, runtime, options, unlock)
  } catch (error) {
    await unlock().catch(() => undefined)
    throw asStoreError(error, 'the data directory cannot be opened')
  }
}

async function recover(
  fileSystem: FileSystem,
  runtime: Runtime,
  options: FileStoreOptions,
  unlock: () => Promise<void>,
): Promise<OpenParts> {
  await claimDirectory(fileSystem)
  const found = await readManifest(fileSystem)
  if (found.manifest !== null && !found.isComplete) await writeManifest(fileSystem, found.manifest)
  const manifest = await withUnusedNumbers(fileSystem, found.manifest ?? FIRST_MANIFEST)
  const tables = new TableSet(await openTables(fileSystem, manifest))
  const memory = new StreamMemory(options.cachedStreams ?? 131_072)
  try {
    const syncs = options.durability !== 'os'
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
    const segments = new SegmentFiles(fileSystem, options.readCacheBytes ?? 64 << 20)
    const opening = { openedAt: runtime.now(), sequence: position.nextSequence }
    const index = new StreamIndex(memory, tables, segments, opening)
    const journal = new JournalWriter(journalOptions(fileSystem, runtime, options), file, position, size)
    const rest = (): Promise<void> => new Promise((resolve) => runtime.defer(resolve))
    const context = { fileSystem, memory, tables, segments, rest }
    const checkpointer = new Checkpointer(context, manifest, damagedJournals)
    await checkpointer.removeUnnamed()
    const maintenance = new Maintenance(journal, memory, checkpointer, damage, {
      checkpointBytes: options.checkpointBytes ?? 128 << 20,
      unstoredBytes: options.unstoredBytes ?? 48 << 20,
      checkpointStreams: options.checkpointStreams ?? 131_072,
      now: () => runtime.now(),
      onFault: options.onFault ?? (() => undefined),
    })
    const deadline = new Deadline(options.callTimeoutMs ?? 30_000)
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
  options: FileStoreOptions,
): ConstructorParameters<typeof JournalWriter>[0] {
  return {
    fileSystem,
    syncs: options.durability !== 'os',
    preallocateBytes: options.preallocateBytes ?? 4 << 20,
    batchBytes: options.batchBytes ?? 16 << 20,
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
