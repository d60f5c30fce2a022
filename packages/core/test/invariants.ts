import type { KeptStream, TestDisk } from './test-disk.js'
import { isExpired, isHeld } from '../src/decide/stream-state.js'
import { SETTLE_AFTER_MS, forkEntryKey } from '../src/store/record.js'

/** How long a sweeper may take. */
const GRACE_MS = 1_500

/**
 * What is wrong with the streams of a store, apart from what a crash may leave for a while.
 *
 * @param now the time; `null` leaves unfinished work alone, anything else demands that there is none
 */
export function findDamage(disk: TestDisk, now: number | null): string[] {
  const damage: string[] = []
  for (const [path, kept] of disk.streams) {
    const found = damageOfRecord(disk, kept)
    // A fork that was not told of to anybody may still be disowned.
    if (now !== null || kept.record.unsettledSince === null) found.push(...damageOfLineage(disk, kept))
    if (now !== null) found.push(...unfinishedWork(disk, kept, now))
    damage.push(...found.map((what) => `${path}: ${what}`))
  }
  const owned = new Set([...disk.streams.values()].map(({ record }) => record.streamId))
  for (const streamId of disk.bytes.keys())
    if (!owned.has(streamId)) damage.push(`bytes of ${streamId} without a record`)
  return damage
}

function damageOfRecord(disk: TestDisk, { record, entries }: KeptStream): string[] {
  const damage: string[] = []
  const keys = [...entries.keys()]
  const forks = keys.filter((key) => key.startsWith('f:')).length
  const producers = keys.filter((key) => key.startsWith('p:')).length
  if (forks !== record.forkCount) damage.push(`counts ${record.forkCount} forks and has ${forks}`)
  if (producers !== record.producerCount)
    damage.push(`counts ${record.producerCount} producers and has ${producers}`)
  const length = disk.bytes.get(record.streamId)?.content.length
  if (length !== record.tail - record.base)
    damage.push(`has ${length} bytes, not ${record.tail - record.base}`)
  return damage
}

/** Every stream that can still be read has all its bytes, and whoever owns them knows of it. */
function damageOfLineage(disk: TestDisk, { record }: KeptStream): string[] {
  const damage: string[] = []
  if (record.state === 'removing') return damage
  for (const part of record.lineage) {
    if (!disk.bytes.has(part.streamId)) damage.push(`its inherited bytes of ${part.streamId} are gone`)
  }
  if (record.origin === null) return damage
  const source = disk.streams.get(record.origin.path)
  if (source?.record.streamId !== record.origin.streamId) damage.push('its source is gone')
  else if (
    !source.entries.has(forkEntryKey(record.streamId)) &&
    !source.record.pendingForks.some(({ streamId }) => streamId === record.streamId)
  ) {
    damage.push('its source does not know of it')
  }
  return damage
}

function unfinishedWork(disk: TestDisk, kept: KeptStream, now: number): string[] {
  const { record, entries } = kept
  const damage: string[] = []
  if (record.pendingForks.length > 0) damage.push('has a pending fork')
  if (record.state === 'removing') damage.push('is still being removed')
  if (record.state === 'soft-deleted' && !isHeld(record)) damage.push('is kept for nobody')
  if (isExpired(kept, now)) damage.push('has expired and stands there')
  if (record.unsettledSince !== null && record.unsettledSince + SETTLE_AFTER_MS + GRACE_MS <= now)
    damage.push('is not settled')
  for (const [key, path] of entries) {
    if (!key.startsWith('f:')) continue
    const fork = [...disk.streams].find(([, { record: other }]) => key === forkEntryKey(other.streamId))
    if (fork === undefined) damage.push(`holds on to ${key}, which does not exist`)
    else if (fork[0] !== path) damage.push(`takes ${key} to be at ${path}`)
  }
  return damage
}
