import type { ContentKind } from '../protocol/content-type.js'
import type { Expiry } from '../protocol/expiry.js'
import type { Offset, StreamId } from '../protocol/branded.js'
import type { Point } from '../protocol/offset.js'
import type { StreamRecord } from '../store/record.js'
import { contentKindOf } from '../protocol/content-type.js'
import { deadlineOf } from '../protocol/expiry.js'
import { formatOffset } from '../protocol/offset.js'

/** A stream as the decisions see it: what was loaded, plus what earlier requests of the same batch changed. */
export interface StreamState {
  readonly record: StreamRecord
  readonly touchedAt: number
  readonly entries: ReadonlyMap<string, string>
}

/** What a request meets at a path. @see PROTOCOL §4.2 (soft-delete and lifecycle), §5.1 (expiry) */
export type Lifecycle =
  /** Nothing, or a stream that has expired and that nothing holds. */
  | 'absent'
  | 'live'
  /** Deleted or expired, and held by forks. */
  | 'gone'

/** What a response tells of a stream. */
export interface StreamInfo {
  readonly streamId: StreamId
  readonly contentType: string
  readonly kind: ContentKind
  /** The offset after the last byte. */
  readonly tail: Offset
  readonly closed: boolean
  readonly expiry: Expiry
  /** When the stream expires if nobody uses it, in milliseconds since 1970; Infinity when it does not. */
  readonly deadline: number
}

/**
 * What a decision comes to: an outcome for the requester and, when something is to change, the stream's next
 * state. `touch` changes nothing but starts a sliding expiry window anew; null leaves the stream alone.
 */
export interface Decision<Outcome> {
  readonly outcome: Outcome
  readonly change: Change | 'touch' | null
}

/** What one decision adds to a commit, which may carry several. */
export interface Change {
  readonly record: StreamRecord | null
  readonly bytes?: Uint8Array
  readonly entries?: readonly (readonly [key: string, value: string | null])[]
  readonly touchedAt?: number
  /** Whether it would be the same behind more bytes; see `StreamChange.commutes`. */
  readonly commutes?: boolean
}

/** Whether the stream's time is over at `now`. */
export function isExpired(state: StreamState, now: number): boolean {
  return state.record.state === 'live' && now >= deadlineOf(state.record.expiry, state.touchedAt)
}

/** Whether forks need the stream's bytes. */
export function isHeld(record: StreamRecord): boolean {
  return record.forkCount > 0 || record.pendingForks.length > 0
}

export function lifecycleOf(state: StreamState | null, now: number): Lifecycle {
  if (state === null || state.record.state === 'removing') return 'absent'
  if (state.record.state === 'soft-deleted') return 'gone'
  if (!isExpired(state, now)) return 'live'
  return isHeld(state.record) ? 'gone' : 'absent'
}

/** The incarnation that owns the byte before a position; for the fork point that is still the source. */
export function ownerOf(record: StreamRecord, position: number): StreamId {
  for (const part of record.lineage) if (position <= part.end) return part.streamId
  return record.streamId
}

/** A position of the stream as an offset token. */
export function offsetAt(record: StreamRecord, position: number): Offset {
  return formatOffset(position, ownerOf(record, position))
}

/** Whether a point lies in the stream, or why it does not. @see PROTOCOL §8 */
export type PointCheck =
  | 'ok'
  /** Beyond the tail: no server has handed it out. */
  | 'beyond-tail'
  /** Of another incarnation, which had this path before or from which this stream did not fork. */
  | 'foreign'
  /** Before the first retained byte. */
  | 'before-start'

export function checkPoint(record: StreamRecord, point: Point): PointCheck {
  if (point.owner !== null && point.owner !== ownerOf(record, point.position)) return 'foreign'
  if (point.position > record.tail) return 'beyond-tail'
  return point.position < record.start ? 'before-start' : 'ok'
}

export function describeStream(state: StreamState): StreamInfo {
  const { record } = state
  return {
    streamId: record.streamId,
    contentType: record.contentType,
    kind: contentKindOf(record.contentType),
    tail: offsetAt(record, record.tail),
    closed: record.closed,
    expiry: record.expiry,
    deadline: deadlineOf(record.expiry, state.touchedAt),
  }
}

/** A refused request: the outcome alone. */
export function refused<Outcome>(outcome: Outcome): Decision<Outcome> {
  return { outcome, change: null }
}
