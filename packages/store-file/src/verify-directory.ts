import type { Damage, Manifest } from './manifest.js'
import type { FileSystem } from './file-system.js'
import type { TableHead } from './table-format.js'
import { EMPTY_KEY, decodeHead } from './table-format.js'
import { FIRST_MANIFEST, readManifest } from './manifest.js'
import { JournalScan } from './journal-scan.js'
import { MergeCursor } from './table-set.js'
import { NodeFileSystem } from './node-file-system.js'
import { SegmentFiles } from './segments.js'
import { StoreError } from '@ds/core'
import { TableReader } from './table-reader.js'
import { checkFormat, journalName, listNumbers, segmentName } from './layout.js'
import { isStream } from './hot-stream.js'
import { readWhole } from './file-system.js'
import { replayFile } from './journal-replay.js'

/** What a look at a whole data directory found. */
export interface DirectoryReport {
  /** Streams in the tables; what is only in the journal is not counted. */
  readonly streams: number
  /** Bytes of these streams, all of which were read. */
  readonly bytes: number
  /** Commits in the journal. */
  readonly commits: number
  /** What is wrong, one sentence each; empty when all is well. */
  readonly problems: readonly string[]
}

const READ_BYTES = 1 << 20

/**
 * Reads everything in a data directory and compares it with its sums, and changes nothing. Rejects with a
 * StoreError `unavailable` when a process has it open.
 */
export async function verifyDirectory(directory: string): Promise<DirectoryReport> {
  return verifyOn(new NodeFileSystem(directory))
}

/** The same on another file system. */
export async function verifyOn(fileSystem: FileSystem): Promise<DirectoryReport> {
  const unlock = await fileSystem.lock()
  const report = { streams: 0, bytes: 0, commits: 0, problems: [] as string[] }
  try {
    const format = await readWhole(fileSystem, 'FORMAT')
    if (format === null) throw new StoreError('corrupt', 'this is no data directory: it has no FORMAT')
    checkFormat(format)
    const found = await readManifest(fileSystem)
    if (found.problem !== null) report.problems.push(found.problem)
    const manifest = found.manifest ?? FIRST_MANIFEST
    for (const { path, what } of manifest.damage)
      report.problems.push(`known before: ${path ?? 'unknown streams'}: ${what}`)
    await verifyTables(fileSystem, manifest, report)
    await verifyJournal(fileSystem, manifest, report)
  } catch (error) {
    report.problems.push(messageOf(error))
  } finally {
    await unlock()
  }
  return report
}

interface MutableReport {
  streams: number
  bytes: number
  commits: number
  readonly problems: string[]
}

async function verifyTables(
  fileSystem: FileSystem,
  manifest: Manifest,
  report: MutableReport,
): Promise<void> {
  const segments = new SegmentFiles(fileSystem, 0)
  const tables: TableReader[] = []
  try {
    for (const id of manifest.tables) {
      const table = await TableReader.open(fileSystem, id)
      tables.push(table)
      if (table.problem !== null) report.problems.push(table.problem)
    }
    const known = new Set(manifest.segments.map(({ id }) => id))
    for (const id of known)
      await segments.pathsIn(id).catch((error: unknown) => report.problems.push(messageOf(error)))
    const cursor = await MergeCursor.seek(tables, EMPTY_KEY)
    for (let row = cursor.row; row !== null; row = cursor.row) {
      const head = row.isHead ? decodeHead(row.value) : null
      if (isStream(head)) await verifyStream(row.path.toString(), head, segments, known, report)
      await cursor.stepOn()
    }
  } finally {
    for (const table of tables) await table.retire()
    await segments.close()
  }
}

async function verifyStream(
  path: string,
  head: TableHead & { readonly record: { readonly base: number; readonly tail: number } },
  segments: SegmentFiles,
  known: ReadonlySet<number>,
  report: MutableReport,
): Promise<void> {
  report.streams++
  let position = head.record.base
  for (const extent of head.extents) {
    if (extent.position !== position) report.problems.push(`${path}: bytes from ${position} on are missing`)
    if (!known.has(extent.segment))
      report.problems.push(`${path}: ${segmentName(extent.segment)} is not in the manifest`)
    position = extent.position + extent.length
    for (let at = extent.position; at < position; at += READ_BYTES) {
      try {
        const pieces = await segments.read(extent, at, READ_BYTES)
        if (pieces === null) throw new StoreError('corrupt', `${segmentName(extent.segment)} is missing`)
        for (const piece of pieces) report.bytes += piece.length
      } catch (error) {
        report.problems.push(`${path}, position ${at}: ${messageOf(error)}`)
      }
    }
  }
  if (position !== head.record.tail) report.problems.push(`${path}: bytes from ${position} on are missing`)
}

async function verifyJournal(
  fileSystem: FileSystem,
  manifest: Manifest,
  report: MutableReport,
): Promise<void> {
  const numbers = (await listNumbers(fileSystem, 'journal')).filter((number) => number >= manifest.journal)
  if (numbers[0] !== manifest.journal) report.problems.push(`${journalName(manifest.journal)} is missing`)
  for (const number of numbers) {
    const next = numbers.includes(number + 1) ? await scanOf(fileSystem, number + 1) : null
    const opened = await scanOf(fileSystem, number)
    if (opened === null) report.problems.push(`${journalName(number)} has no valid header`)
    else {
      const target = {
        apply: () => Promise.resolve(),
        report: ({ path, what }: Damage) =>
          void report.problems.push(`${path ?? 'unknown streams'}: ${what}`),
      }
      const replayed = await replayFile(opened.scan, next?.scan.header.previousEnd ?? null, target)
      report.commits += replayed.records
    }
    await opened?.close()
    await next?.close()
  }
}

async function scanOf(
  fileSystem: FileSystem,
  number: number,
): Promise<{ scan: JournalScan; close: () => Promise<void> } | null> {
  const file = await fileSystem.open(journalName(number), 'read')
  const scan = await JournalScan.open(file)
  if (scan !== null) return { scan, close: () => file.close() }
  await file.close()
  return null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
