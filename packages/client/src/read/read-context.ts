import type { Clock } from '../environment/clock.js'
import type { LinkedAbort } from '../environment/abort-link.js'
import type { LiveMode } from './read-plan.js'
import type { PageLifecycle } from '../environment/page-lifecycle.js'
import type { Recovery } from '../request/recovery.js'
import type { Requester } from '../request/requester.js'
import type { SseFitness } from './sse-fitness.js'

/** What a read session works with. */
export interface ReadContext {
  readonly requester: Requester
  readonly recovery: Recovery
  readonly clock: Clock
  readonly page: PageLifecycle
  readonly abort: LinkedAbort
  readonly sse: SseFitness
  readonly live: LiveMode
  readonly pauseWhenHidden: boolean
  readonly idleMs: number
  readonly maxBufferBytes: number
  /** The wait after a number of failures in a row. */
  delayMs(attempt: number): number
}
