import type { Offset, StreamPath } from '../protocol/branded.js'
import type { SubscriptionConfig } from './subscription-config.js'

/** How far a stream was processed, inclusive; `-1` when nothing of it was. @see PROTOCOL §6.1 */
export type AckedOffset = Offset | '-1'

/** One stream of a subscription. @see PROTOCOL §6.1 */
export interface StreamLink {
  /** Whether it was named; otherwise the pattern found it. */
  readonly isExplicit: boolean
  readonly acked: AckedOffset
}

/**
 * One wake, from the commit that raises the generation to the one that ends it.
 *
 * - `offered`: written to the wake stream, or about to be; waits for a claim, without a lease.
 * - `sending`: a node posts it to the webhook.
 * - `retrying`: the post failed; the next one is due at `nextAttemptAt`, and until then there is no lease.
 * - `held`: a worker has it.
 */
export interface Wake {
  readonly id: string
  readonly generation: number
  readonly phase: 'offered' | 'sending' | 'retrying' | 'held'
  /** When it was raised, in milliseconds since 1970. */
  readonly since: number
  /** The name that the worker gave; null for webhooks. */
  readonly holder: string | null
  readonly lease: Lease | null
  /** How often the webhook was tried. */
  readonly attempts: number
  /** How many of the tries failed, until one succeeds. */
  readonly failures: number
  readonly nextAttemptAt: number | null
}

/** Until when a worker may be silent. Another node than the one whose clock made it grants some time more. */
export interface Lease {
  readonly until: number
  readonly node: string
}

/**
 * A subscription as its log tells it. It is changed in place, by {@link applyEvent} and nothing else, because it
 * may hold hundreds of thousands of links; decisions only read it.
 */
export interface SubscriptionState {
  /** Tells a subscription from earlier ones with the same id; empty when there has never been one. */
  incarnation: string
  config: SubscriptionConfig | null
  configHash: string
  /** The URL of the stream root that the creator used, for callbacks. */
  baseUrl: string
  createdAt: number
  /** When it was deleted; null while it lives. */
  deletedAt: number | null
  /** Up to which path existing streams were linked; null when that is done. */
  backfillAfter: string | null
  generation: number
  wake: Wake | null
  readonly links: Map<StreamPath, StreamLink>
  /** Links whose stream has something new. */
  readonly pending: Set<StreamPath>
}

/** A subscription that exists. */
export type LiveSubscription = SubscriptionState & { readonly config: SubscriptionConfig }

export function emptySubscription(): SubscriptionState {
  return {
    incarnation: '',
    config: null,
    configHash: '',
    baseUrl: '',
    createdAt: 0,
    deletedAt: null,
    backfillAfter: null,
    generation: 0,
    wake: null,
    links: new Map(),
    pending: new Set(),
  }
}

/** Whether there is a subscription, as opposed to none yet or a deleted one. */
export function isLive(state: SubscriptionState): state is LiveSubscription {
  return state.config !== null && state.deletedAt === null
}

/** `failed` while a webhook is to be tried again after a failure. @see PROTOCOL §6.3 */
export function statusOf(state: SubscriptionState): 'active' | 'failed' {
  const { wake } = state
  const isTrying = wake?.phase === 'retrying' || wake?.phase === 'sending'
  return isTrying && wake.failures > 0 ? 'failed' : 'active'
}
