import type { Change, Decision, StreamState } from './stream-state.js'
import type { ForkOrigin, StreamRecord } from '../store/record.js'
import type { StreamId } from '../protocol/branded.js'
import { isExpired, isHeld, lifecycleOf, refused } from './stream-state.js'

/** A deletion. @see PROTOCOL §5.4 */
export type DeleteOutcome =
  { readonly kind: 'deleted' } | { readonly kind: 'not-found' } | { readonly kind: 'gone' }

/** What is left to do after a stream has come to its end. */
export type RetireOutcome =
  /** Nothing: it is gone, kept for its forks, or was not to be retired. */
  | { readonly kind: 'settled' }
  /** The fork has to let go of its source before its record can go. */
  | { readonly kind: 'release'; readonly streamId: StreamId; readonly origin: ForkOrigin }

/** Decides a client's deletion. */
export function decideDelete(
  state: StreamState | null,
  now: number,
): Decision<{ readonly reply: DeleteOutcome; readonly next: RetireOutcome }> {
  const lifecycle = lifecycleOf(state, now)
  const settled: RetireOutcome = { kind: 'settled' }
  if (state === null || lifecycle === 'absent')
    return refused({ reply: { kind: 'not-found' }, next: settled })
  if (lifecycle === 'gone') return refused({ reply: { kind: 'gone' }, next: settled })
  const { outcome, change } = retire(state.record, now)
  return { outcome: { reply: { kind: 'deleted' }, next: outcome }, change }
}

/**
 * Decides what the sweeper does with a stream that is due: an expired one ends like a deleted one, a fork that is
 * half removed is removed, and a source that nothing holds any more goes, too.
 */
export function decideCollect(state: StreamState | null, now: number): Decision<RetireOutcome> {
  const settled: RetireOutcome = { kind: 'settled' }
  if (state === null) return refused(settled)
  const { record } = state
  const isOver = record.state !== 'live' || isExpired(state, now)
  return isOver && !isHeld(record) ? retire(record, now) : isOver ? softDelete(record) : refused(settled)
}

/** Decides the last step of a removal: the record of a fork that no longer holds its source goes. */
export function decideRemoved(state: StreamState | null, streamId: StreamId): Decision<null> {
  const isIt = state?.record.streamId === streamId && state.record.state === 'removing'
  return { outcome: null, change: isIt ? { record: null } : null }
}

/**
 * Ends a stream. One that forks hold is kept for them; a fork becomes `removing` until its source knows; any
 * other goes at once.
 */
export function retire(record: StreamRecord, now: number): Decision<RetireOutcome> {
  if (isHeld(record)) return softDelete(record)
  if (record.origin === null) return { outcome: { kind: 'settled' }, change: { record: null } }
  const outcome: RetireOutcome = { kind: 'release', streamId: record.streamId, origin: record.origin }
  if (record.state === 'removing') return refused(outcome)
  const change: Change = { record: { ...record, state: 'removing', unsettledSince: now } }
  return { outcome, change }
}

function softDelete(record: StreamRecord): Decision<RetireOutcome> {
  const outcome: RetireOutcome = { kind: 'settled' }
  if (record.state === 'soft-deleted') return refused(outcome)
  return { outcome, change: { record: { ...record, state: 'soft-deleted' } } }
}
