import type { Damage } from './manifest.js'
import type { JournalScan, ScannedRecord } from './journal-scan.js'
import { RECORDS_START } from './journal-format.js'
import { journalName } from './layout.js'

/** Takes the records of the journal one after the other. */
export interface ReplayTarget {
  apply(record: ScannedRecord): Promise<void>
  /** Called for what cannot be had back. */
  report(damage: Damage): void
}

/** What became of one file. */
export interface ReplayedFile {
  /** The position after the last record that counts. */
  readonly end: number
  /** The sequence number that comes next. */
  readonly nextSequence: number
  readonly hasDamage: boolean
  readonly records: number
}

/**
 * Replays one journal file.
 *
 * A record that cannot be read is either the tail of what was being written when the process or the machine
 * stopped, and nobody was told that it was committed; or it is damage. Every record says how far the file was
 * durable when it was written: a later one that says so of the unreadable place proves that this is damage. Then it
 * is reported, and what comes after it still counts, except for the streams that have lost something.
 *
 * @param limit where the file certainly ends, when another one follows it; null for the last one
 */
export async function replayFile(
  scan: JournalScan,
  limit: number | null,
  target: ReplayTarget,
): Promise<ReplayedFile> {
  let at = RECORDS_START
  let sequence = scan.header.firstSequence
  let hasDamage = false
  let records = 0
  for (;;) {
    if (limit !== null && at >= limit) break
    const found = await scan.look(at)
    if (found.kind === 'intact' && found.header.sequence === sequence) {
      await target.apply(found)
      records++
      sequence++
      at = found.end
      continue
    }
    const next = await findProof(scan, at, sequence, limit)
    if (next === null && limit === null) break
    hasDamage = true
    const end = next?.at ?? limit!
    const lost = await describeLoss(scan, at, end, sequence)
    for (const damage of lost) target.report(damage)
    if (next === null) {
      at = end
      break
    }
    at = next.at
    sequence = next.record.header.sequence
  }
  return { end: at, nextSequence: sequence, hasDamage, records }
}

/**
 * The first intact record behind an unreadable place, if that place was certainly durable: because a record behind
 * it says so, or because the file goes on to `limit`.
 */
async function findProof(
  scan: JournalScan,
  damaged: number,
  sequence: number,
  limit: number | null,
): Promise<{ at: number; record: ScannedRecord } | null> {
  const first = await scan.findNext(damaged + 1, sequence)
  if (first === null || (limit !== null && first.at >= limit)) return null
  if (limit !== null) return first
  for (let next: typeof first | null = first; next !== null;) {
    if (next.record.header.durableTo > damaged) return first
    next = await scan.findNext(next.record.end, sequence)
  }
  return null
}

/** What was lost between two positions, as far as it can be told. */
async function describeLoss(
  scan: JournalScan,
  from: number,
  to: number,
  sequence: number,
): Promise<Damage[]> {
  const name = journalName(scan.header.number)
  const lost: Damage[] = []
  let at = from
  while (at < to) {
    const found = await scan.look(at)
    if (found.kind !== 'torn' || found.end > to) break
    lost.push({ path: found.path, what: `${name}: the commit at ${at} is damaged` })
    at = found.end
  }
  if (at < to) {
    const what = `${name}: ${to - at} bytes from ${at} on are damaged, with commits from number ${sequence} on`
    lost.push({ path: null, what })
  }
  return lost
}
