import type { LiveReader } from './live-batch.js'
import type { StreamId } from '../protocol/branded.js'

/**
 * - `stalled`: cannot take more until it says so; every read begins like this.
 * - `reading`: goes through older bytes by itself.
 * - `waiting`: has seen everything, and gets what arrives.
 * - `resting`: the store failed, and the read goes on after a while.
 * - `ended`
 */
export type SubscriptionStatus = 'stalled' | 'reading' | 'waiting' | 'resting' | 'ended'

/** One live reader of a feed, and where it is. */
export class Subscription {
  readonly reader: LiveReader
  readonly streamId: StreamId
  readonly onLeave: () => void
  position: number
  status: SubscriptionStatus = 'stalled'
  /** Whether it has been told where it is. */
  hasStarted = false
  /** Whether a loop is reading on for it; there is never a second one. */
  isLooping = false

  constructor(reader: LiveReader, streamId: StreamId, position: number, onLeave: () => void) {
    this.reader = reader
    this.streamId = streamId
    this.position = position
    this.onLeave = onLeave
  }

  /** A call, so that no status is taken for unchanged across an await. */
  is(status: SubscriptionStatus): boolean {
    return this.status === status
  }
}
