import type { Actor } from './decide-wake.js'
import type { SubscriptionState } from './subscription-state.js'
import type { WakeAnnouncer } from './wake-announcer.js'
import { isLive } from './subscription-state.js'
import { leaseEnd } from './decide-wake.js'

/** What a node knows beside the state when it asks how long it may sleep. */
export interface Circumstances {
  readonly now: number
  readonly actor: Actor
  readonly isShared: boolean
  /** Whether this node has done the last thing, so that the next one is its, too. */
  readonly isOwn: boolean
  /** In [0, 1). */
  readonly random: number
  readonly announcer: Pick<WakeAnnouncer, 'owes' | 'retryIn'>
}

/** How long a node leaves something to the node that did what came before, at least, in milliseconds. */
const DEFERENCE_MS = 300
/** How often a node that shares the store looks after work of its own that nothing else may remind it of. */
const SELDOM_MS = 1_000

/** After how many milliseconds something is to be done for a subscription even if nobody asks; null when nothing is. */
export function dueIn(state: SubscriptionState, circumstances: Circumstances): number | null {
  if (!isLive(state) || state.backfillAfter !== null) return null
  const { now, actor, isShared, isOwn, random, announcer } = circumstances
  const { wake } = state
  const deference = isOwn || !isShared ? 0 : DEFERENCE_MS * (1 + random)
  if (wake === null) {
    if (state.pending.size === 0 || !isShared) return null
    return isOwn ? SELDOM_MS : deference
  }
  if (wake.lease !== null) return leaseEnd(wake.lease, actor) - now + deference
  if (wake.nextAttemptAt !== null) return wake.nextAttemptAt - now + deference
  return announcer.owes(wake) ? (announcer.retryIn ?? deference) : null
}
