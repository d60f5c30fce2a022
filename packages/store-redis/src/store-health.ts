import type { DataLoss } from './admission.js'
import type { Durability } from './durability.js'
import type { OpenParts } from './open-store.js'
import type { StoreHealth } from '@ds/core'
import { isLess } from './durability.js'

/** What an operator wants to know of a store. */
export interface RedisStoreHealth extends StoreHealth {
  /** `volatile`, `process`, `power`, or `replicated(n)` when commits wait for n replicas; of the weakest server. */
  readonly durability: string
  /** What was found to be lost, until it is dismissed. */
  readonly dataLosses: readonly DataLoss[]
  readonly servers: readonly {
    readonly address: string
    /** Null while it can be used. */
    readonly trouble: string | null
    readonly version: string | null
    readonly replicas: number
  }[]
}

export function describeHealth(parts: OpenParts): RedisStoreHealth {
  const { router, guard, losses, acknowledge } = parts
  const links = router.links()
  const problems: string[] = []
  let isWritable = links.length > 0
  for (const link of links) {
    const server = guard.stateOf(link)
    const isRefusing = server !== undefined && server.refusal !== null
    if (link.trouble !== null) problems.push(`Redis at ${link.address}: ${link.trouble}`)
    if (link.trouble !== null || isRefusing) isWritable = false
    for (const problem of server?.report.problems ?? []) problems.push(`Redis at ${link.address}: ${problem}`)
  }
  if (router.hasGaps()) {
    isWritable = false
    problems.push('the Redis Cluster does not serve all slots')
  }
  for (const loss of losses) problems.push(describeLoss(loss))
  return {
    isWritable,
    problems,
    durability:
      acknowledge === null || acknowledge.replicas === 0
        ? weakestDurability(parts)
        : `replicated(${acknowledge.replicas})`,
    dataLosses: [...losses],
    servers: links.map((link) => {
      const server = guard.stateOf(link)
      const { version = null, replicas = 0 } = server?.facts ?? {}
      return { address: link.address, trouble: link.trouble, version, replicas }
    }),
  }
}

/** The durability of the server that has the least. */
export function weakestDurability({ router, guard }: OpenParts): Durability {
  let weakest: Durability | null = null
  for (const link of router.links()) {
    const server = guard.stateOf(link)
    if (server === undefined) continue
    if (weakest === null || isLess(server.report.durability, weakest)) weakest = server.report.durability
  }
  return weakest ?? 'volatile'
}

function describeLoss({ at, streams, examples, reincarnated }: DataLoss): string {
  const names = examples.slice(0, 3).join(', ')
  return (
    `at ${new Date(at).toISOString()} Redis had less than was acknowledged: ${streams} streams lost commits (${names}), ` +
    `${reincarnated} of them refuse the offsets of before`
  )
}
