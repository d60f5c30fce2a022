import type { Damage, Manifest } from './manifest.js'
import type { File, FileSystem } from './file-system.js'
import type { JournalPosition } from './journal-writer.js'
import type { ReplayedFile, ReplayTarget } from './journal-replay.js'
import type { ScannedRecord } from './journal-scan.js'
import type { StreamMemory } from './stream-memory.js'
import type { StreamPath, StreamRecord } from '@ds/core'
import type { TableSet } from './table-set.js'
import { JournalScan } from './journal-scan.js'
import { RECORDS_START } from './journal-format.js'
import { StoreError } from '@ds/core'
import { createJournalFile } from './journal-file.js'
import { journalName, listNumbers } from './layout.js'
import { replayFile } from './journal-replay.js'

/** What recovery found in the journal. */
export interface Recovered {
  readonly file: File
  readonly size: number
  readonly position: JournalPosition
  readonly damage: readonly Damage[]
  readonly damagedJournals: ReadonlySet<number>
}

/** How the journal is going to be written. */
export interface JournalWriting {
  readonly syncs: boolean
  readonly newSalt: () => number
}

const COPY_BYTES = 1 << 20

/** Carries out again what the journal says, on top of the tables. */
class Replay implements ReplayTarget {
  readonly damage: Damage[]
  readonly #tables: TableSet
  readonly #memory: StreamMemory
  readonly #quarantined: Set<string>

  constructor(tables: TableSet, memory: StreamMemory, damage: readonly Damage[]) {
    this.#tables = tables
    this.#memory = memory
    this.damage = [...damage]
    this.#quarantined = new Set(damage.flatMap(({ path }) => (path === null ? [] : [path])))
  }

  async apply({ header, path: name, body }: ScannedRecord): Promise<void> {
    if (this.#quarantined.has(name)) return
    const path = name as StreamPath
    const stream = this.#memory.get(path) ?? this.#memory.add(path, await this.#tables.find(path))
    if ((stream.exists() ? stream.version : 0) !== header.previousVersion) {
      this.report({ path, what: `the commit before number ${header.sequence} is missing` })
      return
    }
    const record = body.fields === null ? null : ({ ...stream.record, ...body.fields } as StreamRecord)
    const step = {
      record: header.isWhole ? (body.fields as StreamRecord) : record,
      commitId: body.commitId,
      touchedAt: body.touchedAt,
      bytes: [body.bytes],
      entries: body.entries,
    }
    this.#memory.apply(stream, step, header.sequence)
  }

  report(damage: Damage): void {
    if (damage.path !== null && this.#quarantined.has(damage.path)) return
    if (damage.path !== null) this.#quarantined.add(damage.path)
    this.damage.push(damage)
  }
}

/**
 * Replays the journal into memory and brings it into a state in which it can be continued. It may be interrupted at any point:
 * what it changes is only what no commit depends on.
 */
export async function recoverJournal(
  fileSystem: FileSystem,
  manifest: Manifest,
  isNew: boolean,
  tables: TableSet,
  memory: StreamMemory,
  writing: JournalWriting,
): Promise<Recovered> {
  const replay = new Replay(tables, memory, manifest.damage)
  const damagedJournals = new Set<number>()
  const numbers = (await listNumbers(fileSystem, 'journal')).filter((number) => number >= manifest.journal)
  if (numbers.length === 0) return beginJournal(fileSystem, manifest, isNew, replay, writing)
  checkSequence(numbers, manifest.journal)
  const scans = await openScans(fileSystem, numbers)
  if (scans.length === 0) return beginJournal(fileSystem, manifest, isNew, replay, writing)
  try {
    let last: ReplayedFile | null = null
    for (let i = 0; i < scans.length; i++) {
      const { scan } = scans[i]!
      const next = scans[i + 1]?.scan
      const isAborted = next !== undefined && (await isAbortedRotation(scan, next))
      last = await replayFile(scan, next === undefined || isAborted ? null : next.header.previousEnd, replay)
      if (last.hasDamage) damagedJournals.add(scan.header.number)
      if (isAborted) {
        await removeLast(fileSystem, scans)
        break
      }
    }
    return await continueJournal(fileSystem, scans.at(-1)!.scan, last!, replay, damagedJournals, writing)
  } finally {
    for (const { file } of scans) await file.close().catch(() => undefined)
  }
}

interface OpenScan {
  readonly file: File
  readonly scan: JournalScan
}

async function openScans(fileSystem: FileSystem, numbers: readonly number[]): Promise<OpenScan[]> {
  const scans: OpenScan[] = []
  try {
    for (const number of numbers) {
      const file = await fileSystem.open(journalName(number), 'read')
      const scan = await JournalScan.open(file)
      if (scan !== null && scan.header.number === number) {
        scans.push({ file, scan })
        continue
      }
      const hasContent = await hasRecords(file)
      await file.close()
      // The last file may just have been in the making; then it is empty, and the one before it goes on.
      if (hasContent || number !== numbers.at(-1) || (number !== 1 && scans.length === 0)) {
        throw new StoreError('corrupt', `${journalName(number)} has no valid header`)
      }
    }
    return scans
  } catch (error) {
    for (const { file } of scans) await file.close().catch(() => undefined)
    throw error
  }
}

function checkSequence(numbers: readonly number[], first: number): void {
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] !== first + i) throw new StoreError('corrupt', `${journalName(first + i)} is missing`)
  }
}

/** Whether anything stands where records would. */
async function hasRecords(file: File): Promise<boolean> {
  const size = await file.size()
  const chunk = new Uint8Array(1 << 20)
  for (let at = RECORDS_START; at < size; at += chunk.length) {
    const got = await file.read(chunk, at)
    if (chunk.subarray(0, got).some((byte) => byte !== 0)) return true
  }
  return false
}

/**
 * A new file that could not be made durable is not used, and the one before it goes on behind the place at which
 * the new one says that it ends.
 */
async function isAbortedRotation(scan: JournalScan, next: JournalScan): Promise<boolean> {
  const { previousEnd, firstSequence } = next.header
  if ((await next.findNext(RECORDS_START, firstSequence)) !== null) return false
  const behind = await scan.look(previousEnd)
  return behind.kind === 'intact' && behind.header.sequence === firstSequence
}

async function removeLast(fileSystem: FileSystem, scans: OpenScan[]): Promise<void> {
  const { file, scan } = scans.pop()!
  await file.close()
  await fileSystem.remove(journalName(scan.header.number))
  await fileSystem.syncDirectory('journal')
}

async function beginJournal(
  fileSystem: FileSystem,
  manifest: Manifest,
  isNew: boolean,
  replay: Replay,
  writing: JournalWriting,
): Promise<Recovered> {
  if (!isNew || manifest.journal !== 1) {
    throw new StoreError('corrupt', `${journalName(manifest.journal)} is missing`)
  }
  const header = { number: 1, salt: writing.newSalt(), firstSequence: 1, previousEnd: 0 }
  const file = await createJournalFile(fileSystem, header, writing.syncs)
  const position = { number: 1, salt: header.salt, end: RECORDS_START, nextSequence: 1 }
  return { file, size: RECORDS_START, position, damage: replay.damage, damagedJournals: new Set() }
}

/** Cuts off what was not completely written, and makes the rest durable before anybody sees it. */
async function continueJournal(
  fileSystem: FileSystem,
  scan: JournalScan,
  last: ReplayedFile,
  replay: Replay,
  damagedJournals: ReadonlySet<number>,
  writing: JournalWriting,
): Promise<Recovered> {
  const { number, salt } = scan.header
  const file = await fileSystem.open(journalName(number), 'write', writing.syncs)
  try {
    const isClean = await scan.isZeroFrom(last.end)
    if (!isClean) await file.truncate(last.end)
    await writeAgain(file, last.end)
    await file.sync()
    // The file itself may have been made by an attempt that ended before its name was durable.
    await fileSystem.syncDirectory('journal')
    const size = isClean ? scan.size : last.end
    const position = { number, salt, end: last.end, nextSequence: last.nextSequence }
    return { file, size, position, damage: replay.damage, damagedJournals }
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
}

/**
 * What was read may be in the memory of the kernel only, from a sync that failed; a sync that succeeds later does
 * not bring it to the disk, unless it is written again. Where the disk has it already, nothing changes, even if
 * this is interrupted.
 */
async function writeAgain(file: File, end: number): Promise<void> {
  for (let at = 0; at < end; at += COPY_BYTES) {
    const chunk = new Uint8Array(Math.min(COPY_BYTES, end - at))
    const got = await file.read(chunk, at)
    await file.write(chunk.subarray(0, got), at)
  }
}
