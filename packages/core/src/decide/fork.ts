import type { Blueprint, CreateRequest, ForkRequest } from './create.js'
import type { Decision, StreamState } from './stream-state.js'
import type { LineagePart, PendingFork, StreamRecord } from '../store/record.js'
import type { RequestBody } from './request-body.js'
import type { RetireOutcome } from './delete.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import { retire } from './delete.js'
import { checkPoint, isExpired, isHeld, lifecycleOf, refused } from './stream-state.js'
import { forkEntryKey } from '../store/record.js'
import { sameContentType } from '../protocol/content-type.js'

/** How many forks of one stream may be in the making at a time; their notes are part of its record. */
const MAX_PENDING_FORKS = 64

/** Why a stream cannot be forked as asked. @see PROTOCOL §4.2 (fork creation errors) */
export type ForkRefusal =
  | { readonly kind: 'source-not-found' }
  | { readonly kind: 'source-gone' }
  | { readonly kind: 'source-content-type'; readonly expected: string }
  /** The offset is not one of the source's. */
  | { readonly kind: 'fork-offset' }
  /** The sub-offset names a position past the source's tail. */
  | { readonly kind: 'fork-sub-offset' }
  | { readonly kind: 'too-many-forks'; readonly limit: number }
  | { readonly kind: 'too-deep'; readonly limit: number }

export interface ForkLimits {
  readonly maxForksPerStream: number
  readonly maxForkDepth: number
}

/** The source is a fresh fork itself, which has to be settled with its own source first. */
export interface Unsettled {
  readonly kind: 'unsettled'
}

/** A source that can be forked, and the position of the offset that was asked for. */
export interface ForkAnchor {
  readonly kind: 'anchor'
  readonly record: StreamRecord
  readonly position: number
}

/** Looks a fork's source over, all but the sub-offset, which needs the source's bytes. */
export function findAnchor(
  source: StreamState | null,
  request: CreateRequest,
  fork: ForkRequest,
  now: number,
  limits: ForkLimits,
): ForkAnchor | ForkRefusal {
  const lifecycle = lifecycleOf(source, now)
  if (source === null || lifecycle === 'absent') return { kind: 'source-not-found' }
  if (lifecycle === 'gone') return { kind: 'source-gone' }
  const { record } = source
  if (request.contentType !== null && !sameContentType(request.contentType, record.contentType)) {
    return { kind: 'source-content-type', expected: record.contentType }
  }
  if (record.forkDepth >= limits.maxForkDepth) return { kind: 'too-deep', limit: limits.maxForkDepth }
  const position = resolveAnchor(record, fork)
  return position === null ? { kind: 'fork-offset' } : { kind: 'anchor', record, position }
}

/**
 * The blueprint of a fork: what its request leaves out it has from its source; producers and `Stream-Seq` start
 * afresh. @see PROTOCOL §4.2 (table of lifetimes; producer state and fork boundaries)
 *
 * @param forkPoint the position up to which the source's bytes are inherited
 */
export function planFork(
  anchor: ForkAnchor,
  request: CreateRequest,
  fork: ForkRequest,
  plan: { readonly streamId: StreamId; readonly body: RequestBody; readonly forkPoint: number },
): Blueprint {
  const { record: source, position } = anchor
  return {
    streamId: plan.streamId,
    contentType: request.contentType ?? source.contentType,
    expiry: request.expiry ?? source.expiry,
    closed: request.closed,
    body: plan.body,
    origin: { path: fork.source, streamId: source.streamId, anchor: position, subOffset: fork.subOffset },
    lineage: inheritLineage(fork.source, source, plan.forkPoint),
    forkDepth: source.forkDepth + 1,
    start: Math.min(source.start, plan.forkPoint),
  }
}

/** Step 1 of a fork: the source takes note of it, so that its bytes stay. */
export function decideHold(
  source: StreamState | null,
  sourceId: StreamId,
  fork: PendingFork,
  now: number,
  limits: ForkLimits,
): Decision<{ readonly kind: 'held' } | Unsettled | ForkRefusal> {
  const lifecycle = lifecycleOf(source, now)
  if (source?.record.streamId !== sourceId || lifecycle === 'absent')
    return refused({ kind: 'source-not-found' })
  if (lifecycle === 'gone') return refused({ kind: 'source-gone' })
  const { record } = source
  // Nobody may hold a fork that its own source might not know: it could still come to its end.
  if (record.unsettledSince !== null) return refused({ kind: 'unsettled' })
  const pendingLimit = Math.min(MAX_PENDING_FORKS, limits.maxForksPerStream - record.forkCount)
  if (record.pendingForks.length >= pendingLimit) {
    return refused({ kind: 'too-many-forks', limit: limits.maxForksPerStream })
  }
  const pendingForks = [...record.pendingForks, fork]
  return { outcome: { kind: 'held' }, change: { record: { ...record, pendingForks } } }
}

/** Step 3 of a fork, after its creation: the hold becomes lasting; `lost` when the source no longer knows of it. */
export function decideConfirm(
  source: StreamState | null,
  sourceId: StreamId,
  fork: PendingFork,
): Decision<'confirmed' | 'lost'> {
  if (source?.record.streamId !== sourceId) return refused('lost')
  const { record } = source
  if (source.entries.has(forkEntryKey(fork.streamId))) return refused('confirmed')
  const pendingForks = record.pendingForks.filter((pending) => pending.streamId !== fork.streamId)
  if (pendingForks.length === record.pendingForks.length) return refused('lost')
  return {
    outcome: 'confirmed',
    change: {
      record: { ...record, pendingForks, forkCount: record.forkCount + 1 },
      entries: [[forkEntryKey(fork.streamId), fork.path]],
    },
  }
}

/**
 * The source strikes the note of a fork that never came to be. A fork that was confirmed meanwhile stays: only its
 * own removal releases it.
 */
export function decideStrike(
  source: StreamState | null,
  sourceId: StreamId,
  forkId: StreamId,
  now: number,
): Decision<RetireOutcome> {
  if (source?.record.streamId !== sourceId) return refused({ kind: 'settled' })
  const pendingForks = source.record.pendingForks.filter((pending) => pending.streamId !== forkId)
  if (pendingForks.length === source.record.pendingForks.length) return refused({ kind: 'settled' })
  return letGo(source, { ...source.record, pendingForks }, [], now)
}

/** What a fork's source knows of it. */
export type ForkStanding = 'confirmed' | 'pending' | 'unknown'

/** Looks up what a source knows of a fork; its entry of {@link forkEntryKey} must have been loaded. */
export function standingOf(source: StreamState | null, sourceId: StreamId, forkId: StreamId): ForkStanding {
  if (source?.record.streamId !== sourceId) return 'unknown'
  if (source.entries.has(forkEntryKey(forkId))) return 'confirmed'
  return source.record.pendingForks.some((pending) => pending.streamId === forkId) ? 'pending' : 'unknown'
}

/** The last step of a fork: it is known that its source holds for it. */
export function decideSettled(fork: StreamState | null, forkId: StreamId): Decision<null> {
  const isIt = fork?.record.streamId === forkId && fork.record.state !== 'removing'
  return { outcome: null, change: isIt ? { record: { ...fork.record, unsettledSince: null } } : null }
}

/** A fork that its source does not know ends, as if it had been deleted. */
export function decideDisown(
  fork: StreamState | null,
  forkId: StreamId,
  now: number,
): Decision<RetireOutcome> {
  const isIt = fork?.record.streamId === forkId && fork.record.state === 'live'
  return isIt ? retire(fork.record, now) : refused({ kind: 'settled' })
}

/**
 * The source lets go of a fork that is gone. A source that was only kept for its forks ends
 * with the last of them, which may in turn release its own source.
 */
export function decideRelease(
  source: StreamState | null,
  sourceId: StreamId,
  forkId: StreamId,
  now: number,
): Decision<RetireOutcome> {
  if (source?.record.streamId !== sourceId) return refused({ kind: 'settled' })
  const key = forkEntryKey(forkId)
  const isConfirmed = source.entries.has(key)
  const pendingForks = source.record.pendingForks.filter((pending) => pending.streamId !== forkId)
  if (!isConfirmed && pendingForks.length === source.record.pendingForks.length) {
    return refused({ kind: 'settled' })
  }
  const released: StreamRecord = {
    ...source.record,
    pendingForks,
    forkCount: source.record.forkCount - (isConfirmed ? 1 : 0),
  }
  return letGo(source, released, isConfirmed ? [[key, null]] : [], now)
}

/** A source that was only kept for its forks ends with the last of them. */
function letGo(
  source: StreamState,
  released: StreamRecord,
  entries: readonly (readonly [string, null])[],
  now: number,
): Decision<RetireOutcome> {
  const isOver = source.record.state !== 'live' || isExpired(source, now)
  if (!isOver || isHeld(released))
    return { outcome: { kind: 'settled' }, change: { record: released, entries } }
  const { outcome, change } = retire(released, now)
  if (change !== null && change !== 'touch' && change.record === null) return { outcome, change }
  // What a source counts and what it lists stay the same, also while it is being removed itself.
  return { outcome, change: { record: released, ...(change === 'touch' ? null : change), entries } }
}

function resolveAnchor(record: StreamRecord, fork: ForkRequest): number | null {
  if (fork.offset === null || fork.offset.kind === 'now') return record.tail
  if (fork.offset.kind === 'start') return record.start
  return checkPoint(record, fork.offset.point) === 'ok' ? fork.offset.point.position : null
}

function inheritLineage(path: StreamPath, source: StreamRecord, forkPoint: number): LineagePart[] {
  const lineage: LineagePart[] = []
  for (const part of source.lineage) {
    const from = lineage.at(-1)?.end ?? 0
    if (from < forkPoint) lineage.push({ ...part, end: Math.min(part.end, forkPoint) })
  }
  if (source.base < forkPoint) lineage.push({ path, streamId: source.streamId, end: forkPoint })
  return lineage
}
