import type { ServerFacts } from './server-facts.js'
import type { StoreCapabilities } from '@ds/core'

/** What a committed change survives. @see StoreCapabilities.durability */
export type Durability = StoreCapabilities['durability']

/** How durable the commits of one server are. */
export interface DurabilityReport {
  readonly durability: Durability
  /** What an operator should change, in words. */
  readonly problems: readonly string[]
}

/** From the least to the most. */
export const DURABILITIES: [Durability, ...Durability[]] = ['volatile', 'process', 'power']

/** Whether one durability is less than another. */
export function isLess(a: Durability, b: Durability): boolean {
  return DURABILITIES.indexOf(a) < DURABILITIES.indexOf(b)
}

/**
 * Judges a server by its configuration.
 *
 * - `power`: every commit is in the append-only file, synced, before it is answered.
 * - `process`: it is in the file, but not always synced; a loss of power may take the last seconds.
 * - `volatile`: there is no such file, or Redis may throw keys out when memory runs short.
 *
 * @param assumed what to believe of a server that does not let its configuration be read
 * @param isSyncAwaited whether every commit waits until the file is synced, however often the server does that
 */
export function judgeDurability(
  facts: ServerFacts,
  assumed: Durability | null,
  isSyncAwaited: boolean,
): DurabilityReport {
  const problems: string[] = []
  const { config } = facts
  if (facts.lastAppendFailed) problems.push('the append-only file cannot be written')
  if (config === null) {
    if (assumed === null) {
      problems.push(
        'CONFIG GET is not permitted, so nobody knows how durable commits are: say assumedDurability',
      )
    }
    return { durability: assumed ?? 'volatile', problems }
  }
  if (config.evicts) {
    problems.push('maxmemory-policy is not noeviction, so streams are lost when memory runs short')
    return { durability: 'volatile', problems }
  }
  if (!facts.appendOnly) return { durability: 'volatile', problems }
  if (isSyncAwaited) return { durability: facts.lastAppendFailed ? 'process' : 'power', problems }
  if (config.fsync !== 'always') return { durability: 'process', problems }
  if (config.skipsSyncs) {
    problems.push('no-appendfsync-on-rewrite is yes, so appendfsync always does not hold during rewrites')
    return { durability: 'process', problems }
  }
  return { durability: facts.lastAppendFailed ? 'process' : 'power', problems }
}

/** Why commits cannot wait for a server's syncs, in words for an operator; null when they can. */
export function whyNoSyncs({ version, appendOnly, config }: ServerFacts): string | null {
  if (!isAtLeast(version, 7, 2)) return `is version ${version}, and waiting for syncs needs 7.2`
  if (!appendOnly) return 'has no append-only file (appendonly no), and commits are to wait for its syncs'
  if (config?.fsync === 'no')
    return 'leaves syncs to the system (appendfsync no), and commits are to wait for them'
  return null
}

/** Whether a version is at least another one: `7.2.4` is at least `7.2`. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}
