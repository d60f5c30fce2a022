import type { Actor, Advance } from './decide-wake.js'
import type { LiveSubscription, SubscriptionState, Wake } from './subscription-state.js'
import type { LogDecision } from './event-log.js'
import type { Offset, StreamPath } from '../protocol/branded.js'
import type { PendingStream, StreamTails } from './stream-tails.js'
import type { SubscriptionEvent } from './subscription-events.js'
import { ackedPosition } from './stream-tails.js'
import { checkPoint } from '../decide/stream-state.js'
import { currentWake, hasUnseen, newWake, survey } from './decide-wake.js'
import { inParts } from './subscription-events.js'
import { isLive } from './subscription-state.js'
import { parseOffset } from '../protocol/offset.js'

type Decided<Outcome> = LogDecision<Outcome, SubscriptionEvent>

/** A wake as a token names it. */
export interface WakeRef {
  readonly incarnation: string
  readonly generation: number
  readonly wakeId: string
}

export type ClaimOutcome =
  | {
      readonly kind: 'claimed'
      readonly wake: WakeRef
      readonly streams: readonly PendingStream[]
      readonly leaseTtlMs: number
    }
  | { readonly kind: 'already-claimed'; readonly holder: string; readonly generation: number }
  | { readonly kind: 'no-pending-work' }
  | { readonly kind: 'not-found' }
  /** Webhook subscriptions are not claimed. */
  | { readonly kind: 'not-pull-wake' }

/** There is pending work that the claim did not look at yet. */
export interface LookAgain {
  readonly kind: 'look-again'
}

/** Decides a claim; of several at once the first to commit wins. @see PROTOCOL §7.2 */
export function decideClaim(
  state: SubscriptionState,
  worker: string,
  advance: Omit<Advance, 'canSend'>,
  now: number,
): Decided<ClaimOutcome | LookAgain> {
  if (!isLive(state)) return { outcome: { kind: 'not-found' }, events: [] }
  if (state.config.type !== 'pull-wake') return { outcome: { kind: 'not-pull-wake' }, events: [] }
  // Until the streams that were there before are linked, nobody can tell what is new.
  if (state.backfillAfter !== null) return { outcome: { kind: 'no-pending-work' }, events: [] }
  const { events, wake, streams } = survey(state, advance, now)
  if (wake?.phase === 'held') {
    const { holder, generation } = wake
    return { outcome: { kind: 'already-claimed', holder: holder ?? '', generation }, events }
  }
  if (streams.length === 0) {
    if (hasUnseen(state, advance.tails)) return { outcome: { kind: 'look-again' }, events }
    if (wake !== null) events.push({ e: 'wake', wake: null })
    return { outcome: { kind: 'no-pending-work' }, events }
  }
  const { leaseTtlMs } = state.config
  const held: Wake = {
    ...(wake ?? newWake(state, advance, 'held', now)),
    phase: 'held',
    holder: worker,
    lease: { until: now + leaseTtlMs, node: advance.node },
  }
  events.push({ e: 'wake', wake: held })
  return { outcome: { kind: 'claimed', wake: refOf(state, held), streams, leaseTtlMs }, events }
}

/** What a worker tells of its work. @see PROTOCOL §7.1, §7.2 */
export interface AckRequest {
  /** What the bearer token was made for. */
  readonly token: WakeRef
  readonly generation: number
  readonly wakeId: string
  readonly acks: readonly StreamAck[]
  readonly done: boolean
}

export interface StreamAck {
  readonly path: StreamPath
  readonly offset: string
}

export type AckOutcome =
  | { readonly kind: 'acked'; readonly nextWake: boolean }
  | { readonly kind: 'fenced' }
  /** The offset is none of the stream, or lies before what was acknowledged. */
  | { readonly kind: 'invalid-offset'; readonly path: string }
  | { readonly kind: 'not-found' }

/**
 * Decides an ack or a callback: all of its acks, or none. Without `done` it makes the lease last longer.
 *
 * @param tails of the streams in `acks`
 */
export function decideAck(
  state: SubscriptionState,
  request: AckRequest,
  tails: StreamTails,
  actor: Actor,
  now: number,
): Decided<AckOutcome> {
  if (!isLive(state)) return { outcome: { kind: 'not-found' }, events: [] }
  const wake = heldWake(state, request, actor, now)
  if (wake === null) return { outcome: { kind: 'fenced' }, events: [] }
  const cursors = new Map<StreamPath, Offset>()
  for (const ack of request.acks) {
    if (!isValidAck(state, ack, cursors.get(ack.path), tails))
      return { outcome: { kind: 'invalid-offset', path: ack.path }, events: [] }
    cursors.set(ack.path, ack.offset as Offset)
  }
  const events = moveCursors(state, cursors, tails)
  if (request.done) {
    events.push({ e: 'wake', wake: null })
    return { outcome: { kind: 'acked', nextWake: pendingAfter(state, cursors, tails) }, events }
  }
  const lease = { until: now + state.config.leaseTtlMs, node: actor.node }
  events.push({ e: 'wake', wake: { ...wake, phase: 'held', lease, failures: 0, nextAttemptAt: null } })
  return { outcome: { kind: 'acked', nextWake: false }, events }
}

/** Decides a release: the work is left to somebody else. @see PROTOCOL §7.2 */
export function decideRelease(
  state: SubscriptionState,
  request: Omit<AckRequest, 'acks' | 'done'>,
  actor: Actor,
  now: number,
): Decided<{ readonly kind: 'released' | 'fenced' | 'not-found' }> {
  if (!isLive(state)) return { outcome: { kind: 'not-found' }, events: [] }
  if (heldWake(state, request, actor, now) === null) return { outcome: { kind: 'fenced' }, events: [] }
  return { outcome: { kind: 'released' }, events: [{ e: 'wake', wake: null }] }
}

/** The wake that a worker may act on: token and request have to name it. @see PROTOCOL §7.3 */
function heldWake(
  state: LiveSubscription,
  { token, generation, wakeId }: Omit<AckRequest, 'acks' | 'done'>,
  actor: Actor,
  now: number,
): Wake | null {
  const wake = currentWake(state, actor, now)
  if (wake === null || wake.phase === 'offered') return null
  const isCurrent =
    token.incarnation === state.incarnation &&
    token.generation === wake.generation &&
    token.wakeId === wake.id &&
    generation === wake.generation &&
    wakeId === wake.id
  return isCurrent ? wake : null
}

/** Cursors only go forward, and only to offsets that the stream has. */
function isValidAck(
  state: LiveSubscription,
  { path, offset }: StreamAck,
  before: Offset | undefined,
  tails: StreamTails,
): boolean {
  const link = state.links.get(path)
  const record = tails.get(path) ?? null
  const point = parseOffset(offset)
  if (link === undefined || record === null || point === null) return false
  if (checkPoint(record, point) !== 'ok') return false
  return point.position >= ackedPosition(record, before ?? link.acked)
}

/** Moves cursors, and settles the streams that are processed to their end. */
export function moveCursors(
  state: SubscriptionState,
  cursors: ReadonlyMap<StreamPath, Offset>,
  tails: StreamTails,
): SubscriptionEvent[] {
  const moved = [...cursors].filter(([path, offset]) => state.links.get(path)?.acked !== offset)
  const settled = [...cursors].flatMap(([path, offset]) =>
    state.pending.has(path) && isAtTail(tails, path, offset) ? [path] : [],
  )
  return [
    ...inParts(moved, (acks) => ({ e: 'acked' as const, acks })),
    ...inParts(settled, (paths) => ({ e: 'settled' as const, paths })),
  ]
}

/** Whether streams are pending once cursors have moved. */
export function pendingAfter(
  state: SubscriptionState,
  cursors: ReadonlyMap<StreamPath, Offset>,
  tails: StreamTails,
): boolean {
  for (const path of state.pending) {
    const offset = cursors.get(path)
    if (offset === undefined || !isAtTail(tails, path, offset)) return true
  }
  return false
}

function isAtTail(tails: StreamTails, path: StreamPath, offset: Offset): boolean {
  const record = tails.get(path) ?? null
  return record === null || ackedPosition(record, offset) >= record.tail
}

function refOf(state: SubscriptionState, wake: Wake): WakeRef {
  return { incarnation: state.incarnation, generation: wake.generation, wakeId: wake.id }
}
