import type { LogDecision } from './event-log.js'
import type { Offset, StreamPath } from '../protocol/branded.js'
import type { StreamTails } from './stream-tails.js'
import type { SubscriptionEvent } from './subscription-events.js'
import type { LiveSubscription, SubscriptionState, Wake } from './subscription-state.js'
import type { Actor } from './decide-wake.js'
import type { WakeRef } from './decide-lease.js'
import { ackedPosition } from './stream-tails.js'
import { checkPoint } from '../decide/stream-state.js'
import { currentWake } from './decide-wake.js'
import { isLive } from './subscription-state.js'
import { moveCursors } from './decide-lease.js'
import { parseOffset } from '../protocol/offset.js'

type Decided<Outcome> = LogDecision<Outcome, SubscriptionEvent>

/** The delays before retries, in milliseconds. @see PROTOCOL §7.1 */
export const RETRY_MS = { first: 1_000, most: 60_000, jitter: 0.2 } as const

/** One post of a wake to its webhook. */
export interface Attempt {
  readonly wake: WakeRef
  readonly attempt: number
}

/** What became of a post, once it was told. */
export type DeliveryOutcome =
  /** It counts. */
  | { readonly kind: 'recorded' }
  /** The wake has ended or was taken over meanwhile; nothing has changed. */
  | { readonly kind: 'fenced' }

/**
 * Decides what an accepted post means: the work is done with all that the wake told of, or it goes on until a
 * callback or the end of the lease. @see PROTOCOL §7.1
 *
 * @param done the tails that the wake told; null when the work goes on
 * @param tails of the same streams now
 */
export function decideDelivered(
  state: SubscriptionState,
  attempt: Attempt,
  done: ReadonlyMap<StreamPath, Offset> | null,
  tails: StreamTails,
  actor: Actor,
  now: number,
): Decided<DeliveryOutcome> {
  const wake = isLive(state) ? attemptedWake(state, attempt, actor, now) : null
  if (wake === null) return { outcome: { kind: 'fenced' }, events: [] }
  const outcome = { kind: 'recorded' } as const
  if (done === null) {
    if (wake.phase === 'held') return { outcome, events: [] }
    return { outcome, events: [{ e: 'wake', wake: { ...wake, phase: 'held', failures: 0 } }] }
  }
  const cursors = new Map([...done].filter(([path, tail]) => isForward(state, path, tail, tails)))
  return { outcome, events: [...moveCursors(state, cursors, tails), { e: 'wake', wake: null }] }
}

/** Decides when a failed post is repeated. A callback that came all the same is worth more. @see PROTOCOL §7.1 */
export function decideFailed(
  state: SubscriptionState,
  attempt: Attempt,
  delayMs: number,
  actor: Actor,
  now: number,
): Decided<DeliveryOutcome> {
  const wake = isLive(state) ? attemptedWake(state, attempt, actor, now) : null
  if (wake?.phase !== 'sending') return { outcome: { kind: 'fenced' }, events: [] }
  const failed: Wake = {
    ...wake,
    phase: 'retrying',
    lease: null,
    failures: wake.failures + 1,
    nextAttemptAt: now + delayMs,
  }
  return { outcome: { kind: 'recorded' }, events: [{ e: 'wake', wake: failed }] }
}

/** The delay after the n-th failure in a row, with a random number in [0, 1). */
export function retryDelayMs(failures: number, random: number): number {
  const plain = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.min(failures - 1, 16))
  return Math.min(RETRY_MS.most, Math.round(plain * (1 - RETRY_MS.jitter + 2 * RETRY_MS.jitter * random)))
}

function attemptedWake(
  state: LiveSubscription,
  { wake: ref, attempt }: Attempt,
  actor: Actor,
  now: number,
): Wake | null {
  const wake = currentWake(state, actor, now)
  if (wake?.id !== ref.wakeId || wake.generation !== ref.generation) return null
  return state.incarnation === ref.incarnation && wake.attempts === attempt ? wake : null
}

/** A stream may have been unlinked, deleted or acknowledged further while the post was under way. */
function isForward(state: SubscriptionState, path: StreamPath, tail: Offset, tails: StreamTails): boolean {
  const link = state.links.get(path)
  const record = tails.get(path) ?? null
  const point = parseOffset(tail)
  if (link === undefined || record === null || point === null) return false
  return checkPoint(record, point) === 'ok' && point.position >= ackedPosition(record, link.acked)
}
