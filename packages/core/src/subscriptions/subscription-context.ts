import type { DeliverySlots } from './delivery-slots.js'
import type { LogContext } from './event-log.js'
import type { PatternIndex } from './pattern-index.js'
import type { StreamEngine } from '../streams/stream-engine.js'
import type { StreamPath } from '../protocol/branded.js'
import type { Subscription } from './subscription.js'
import type { SubscriptionEnvironment, SubscriptionLimits } from './subscription-environment.js'
import type { WorkQueue } from './work-queue.js'

/** What the subscriptions of one node share. */
export interface SubscriptionContext {
  readonly engine: Pick<StreamEngine, 'append' | 'store'>
  readonly environment: SubscriptionEnvironment
  readonly limits: SubscriptionLimits
  readonly logs: LogContext
  /** This node's name among those that share the store. */
  readonly node: string
  /** Whether there may be other nodes. */
  readonly isShared: boolean
  readonly work: WorkQueue
  readonly slots: DeliverySlots
  readonly index: PatternIndex<Subscription>
  /** Told of streams to which this node itself has appended. */
  readonly onAppended: (path: StreamPath) => void
  /** Asked for when there was more than could be remembered. */
  readonly onOverflow: () => void
  readonly onFault: (error: unknown) => void
  readonly isStopping: () => boolean
  /** Calls `run` when the server stops, unless that was taken back. */
  readonly onAbort: (run: () => void) => () => void
  /** Counts a post, so that a stop can wait for it. */
  readonly track: (work: Promise<void>) => void
}
