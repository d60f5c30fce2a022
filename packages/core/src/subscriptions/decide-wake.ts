import type { LinkEntry, SubscriptionEvent } from './subscription-events.js'
import type { LogDecision } from './event-log.js'
import type { Lease, LiveSubscription, StreamLink, SubscriptionState, Wake } from './subscription-state.js'
import type { PendingStream, StreamTails } from './stream-tails.js'
import type { StreamPath } from '../protocol/branded.js'
import { describePending, isBehind } from './stream-tails.js'
import { findsByPattern, roomForLinks } from './decide-membership.js'
import { inParts } from './subscription-events.js'
import { isLive } from './subscription-state.js'

/** Who decides, and with what: what a decision cannot know by itself. */
export interface Actor {
  /** The node's name. */
  readonly node: string
  /** How much longer a lease of another node's clock is respected, in milliseconds. */
  readonly clockSkewMs: number
  /** The id of the wake that may be raised. */
  readonly newWakeId: string
}

/** Something that may have to be done for a subscription. */
export interface Advance extends Actor {
  /** Streams that may have something new. */
  readonly noticed: readonly StreamPath[]
  /** What was found of them, and of pending streams. */
  readonly tails: StreamTails
  /** Whether this node could post to the webhook now. */
  readonly canSend: boolean
  readonly maxLinks: number
  readonly maxWakeStreams: number
}

export type AdvanceOutcome =
  /** Nothing that this node has to act on. */
  | { readonly kind: 'rest' }
  /** To be posted to the webhook, by this node and nobody else. */
  | { readonly kind: 'send'; readonly wake: Wake; readonly streams: readonly PendingStream[] }
  /** To be written to the wake stream. */
  | { readonly kind: 'offer'; readonly wake: Wake; readonly stream: StreamPath }
  | { readonly kind: 'too-many-links' }

type Decided<Outcome> = LogDecision<Outcome, SubscriptionEvent>

/** What a lease that has run out, and streams that have changed, leave of a subscription. */
export interface Survey {
  readonly events: SubscriptionEvent[]
  /** The wake that is still in flight. */
  readonly wake: Wake | null
  /** Pending streams with their links, as far as they were looked at; at most as many as one wake tells. */
  readonly streams: readonly PendingStream[]
  /** Whether links were left out because there are too many. */
  readonly isFull: boolean
}

/**
 * Decides what is to be done now: it takes note of new streams and new data, ends a lease that has run out, and
 * raises a wake or repeats a failed one. Whoever commits the decision does it. @see PROTOCOL §7, §7.3
 */
export function decideAdvance(
  state: SubscriptionState,
  advance: Advance,
  now: number,
): Decided<AdvanceOutcome> {
  if (!isLive(state) || state.backfillAfter !== null) return { outcome: { kind: 'rest' }, events: [] }
  const { events, wake, streams, isFull } = survey(state, advance, now)
  const rest: AdvanceOutcome = isFull ? { kind: 'too-many-links' } : { kind: 'rest' }
  const isRetry = wake?.phase === 'retrying' && now >= (wake.nextAttemptAt ?? 0)
  if (wake !== null && !isRetry) return { outcome: rest, events }
  if (streams.length === 0) {
    // What was to be retried has been processed or unlinked meanwhile.
    if (isRetry && !hasUnseen(state, advance.tails)) events.push({ e: 'wake', wake: null })
    return { outcome: rest, events }
  }
  if (state.config.type === 'pull-wake') {
    const offered = newWake(state, advance, 'offered', now)
    events.push({ e: 'wake', wake: offered })
    return { outcome: { kind: 'offer', wake: offered, stream: streams[0]!.path }, events }
  }
  if (!advance.canSend) return { outcome: rest, events }
  const sent: Wake = {
    ...(wake ?? newWake(state, advance, 'sending', now)),
    phase: 'sending',
    lease: { until: now + state.config.leaseTtlMs, node: advance.node },
    attempts: (wake?.attempts ?? 0) + 1,
    nextAttemptAt: null,
  }
  events.push({ e: 'wake', wake: sent })
  return { outcome: { kind: 'send', wake: sent, streams }, events }
}

/** Looks at the streams that a decision knows the tails of. */
export function survey(
  state: LiveSubscription,
  { noticed, tails, maxLinks, maxWakeStreams, ...actor }: Omit<Advance, 'canSend'>,
  now: number,
): Survey {
  const events: SubscriptionEvent[] = []
  const wake = currentWake(state, actor, now)
  if (wake === null && state.wake !== null) events.push({ e: 'wake', wake: null })
  const found = findLinks(state, noticed, tails, maxLinks)
  const risen = noticed.filter((path) => {
    const record = tails.get(path) ?? null
    const link = found.links.get(path) ?? state.links.get(path)
    return record !== null && link !== undefined && !state.pending.has(path) && isBehind(record, link.acked)
  })
  events.push(
    ...inParts(found.links, (part) => ({
      e: 'linked',
      links: part.map(([path, { acked }]): LinkEntry => [path, 0, acked]),
    })),
    ...inParts(new Set(risen), (paths) => ({ e: 'pending', paths })),
  )
  const streams: PendingStream[] = []
  const settled: StreamPath[] = []
  for (const path of new Set([...pendingAmong(state, tails), ...risen])) {
    const link = found.links.get(path) ?? state.links.get(path)
    const record = tails.get(path) ?? null
    if (link === undefined || record === null || !isBehind(record, link.acked)) settled.push(path)
    else if (streams.length < maxWakeStreams) streams.push(describePending(path, link, record))
  }
  events.push(...inParts(settled, (paths) => ({ e: 'settled', paths })))
  return { events, wake, streams, isFull: found.isFull }
}

/** The wake in flight; null when there is none, or when its lease has run out. @see PROTOCOL §7.3 */
export function currentWake(
  state: LiveSubscription,
  actor: Pick<Actor, 'node' | 'clockSkewMs'>,
  now: number,
): Wake | null {
  const { wake } = state
  const lease = wake?.lease ?? null
  if (lease === null) return wake
  return now >= leaseEnd(lease, actor) ? null : wake
}

/** When a lease is over for a node. */
export function leaseEnd(lease: Lease, { node, clockSkewMs }: Pick<Actor, 'node' | 'clockSkewMs'>): number {
  return lease.until + (lease.node === node ? 0 : clockSkewMs)
}

/** The next wake of a subscription. @see PROTOCOL §7 */
export function newWake(
  state: SubscriptionState,
  { newWakeId }: Actor,
  phase: Wake['phase'],
  now: number,
): Wake {
  return {
    id: newWakeId,
    generation: state.generation + 1,
    phase,
    since: now,
    holder: null,
    lease: null,
    attempts: 0,
    failures: 0,
    nextAttemptAt: null,
  }
}

/** Whether a stream is pending that was not looked at: the state has moved on since, or there are too many. */
export function hasUnseen(state: SubscriptionState, tails: StreamTails): boolean {
  for (const path of state.pending) if (!tails.has(path)) return true
  return false
}

function* pendingAmong(state: SubscriptionState, tails: StreamTails): Generator<StreamPath> {
  for (const path of tails.keys()) if (state.pending.has(path)) yield path
}

/** Streams that an append has brought to light; what they had before it is new, too. @see PROTOCOL §6.2 */
function findLinks(
  state: LiveSubscription,
  noticed: readonly StreamPath[],
  tails: StreamTails,
  maxLinks: number,
): { readonly links: Map<StreamPath, StreamLink>; readonly isFull: boolean } {
  const links = new Map<StreamPath, StreamLink>()
  const room = roomForLinks(state, maxLinks)
  let isFull = false
  for (const path of noticed) {
    if (state.links.has(path) || (tails.get(path) ?? null) === null) continue
    if (!findsByPattern(state.config, path)) continue
    if (links.size >= room) isFull = true
    else links.set(path, { isExplicit: false, acked: '-1' })
  }
  return { links, isFull }
}
