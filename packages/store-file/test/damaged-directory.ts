import type { Acknowledged } from './killed-process.js'
import type { Random } from './random.js'
import type { ScannedRecord } from '../src/journal-scan.js'
import { JournalScan } from '../src/journal-scan.js'
import { NodeFileSystem } from '../src/node-file-system.js'
import { RECORDS_START } from '../src/journal-format.js'
import {
  appendFileSync,
  closeSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** What a process was just writing when it was killed may be anything. */
export async function addGarbage(directory: string, random: Random): Promise<void> {
  const { file, records } = await lastJournal(directory)
  const end = records.at(-1)?.end ?? RECORDS_START
  // Half of the time right behind the last record, where room taken in advance has been.
  if (random.chance(0.5)) truncateSync(file, end)
  appendFileSync(file, Buffer.from(Array.from({ length: 1 + random.below(2000) }, () => random.below(256))))
}

/** Cuts the journal anywhere behind the last record of which anybody was told. */
export async function cutTail(directory: string, told: Acknowledged, random: Random): Promise<void> {
  const { file, records } = await lastJournal(directory)
  const last = records.findLast((record) => isAcknowledged(record, told))
  const from = last?.end ?? RECORDS_START
  truncateSync(file, from + random.below(statSync(file).size - from + 1))
}

/**
 * Changes a byte of what is certainly durable: in a table, a segment, or the journal before its last write. Returns
 * what was changed; null if there is nothing yet. Only of the last journal it is certain that it will be read: the ones
 * before it may be in the tables already, and one after it may be nothing but room.
 */
export async function flipByte(directory: string, random: Random): Promise<string | null> {
  const folder = random.pick(['journal', 'journal', 'tables', 'segments'])
  const names = readdirSync(join(directory, folder))
  if (names.length === 0) return null
  const name = random.pick(names)
  const file = join(directory, folder, name)
  const { file: last, records } = await lastJournal(directory)
  const start = folder === 'journal' ? RECORDS_START : 0
  const end = file === last ? (records.at(-1)?.header.durableTo ?? 0) : statSync(file).size
  if (end <= start) return null
  const at = start + random.below(end - start)
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, at)
  byte[0]! ^= 1 << random.below(8)
  writeSync(descriptor, byte, 0, 1, at)
  closeSync(descriptor)
  return `${file === last ? 'last journal' : `${folder}/${name}`} at ${at}`
}

function isAcknowledged({ body, path }: ScannedRecord, { next, closed }: Acknowledged): boolean {
  if (closed.includes(path)) return true
  for (const message of Buffer.from(body.bytes).toString().split(';').slice(0, -1)) {
    const [, producer, seq] = /^p(\d+)-(\d+)$/.exec(message) ?? []
    if (Number(seq) < next[Number(producer)]!) return true
  }
  return false
}

/** The last file of the journal that has a header, and its records. */
async function lastJournal(directory: string): Promise<{ file: string; records: ScannedRecord[] }> {
  const fileSystem = new NodeFileSystem(directory)
  for (const name of readdirSync(join(directory, 'journal')).sort().reverse()) {
    const opened = await fileSystem.open(`journal/${name}`, 'read')
    try {
      const scan = await JournalScan.open(opened)
      if (scan !== null) return { file: join(directory, 'journal', name), records: await recordsOf(scan) }
    } finally {
      await opened.close()
    }
  }
  throw new Error('there is no journal')
}

async function recordsOf(scan: JournalScan): Promise<ScannedRecord[]> {
  const records: ScannedRecord[] = []
  for (let at = RECORDS_START; ;) {
    const found = await scan.look(at)
    if (found.kind !== 'intact') return records
    records.push(found)
    at = found.end
  }
}
