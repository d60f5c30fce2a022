import type { Clock } from '../environment/clock.js'
import type { SSEResilienceOptions } from './session-options.js'
import { backoffDelay } from '../request/backoff.js'
import { withDefaults } from '../with-defaults.js'

const DEFAULTS: Required<SSEResilienceOptions> = {
  minConnectionDuration: 1_000,
  maxShortConnections: 3,
  backoffBaseDelay: 100,
  backoffMaxDelay: 5_000,
  firstEventTimeout: 5_000,
  retryAfter: 600_000,
  logWarnings: true,
}

/** Whether SSE works on the way between here and the server, as far as one read has seen. */
export class SseFitness {
  readonly #clock: Clock
  readonly #options: Required<SSEResilienceOptions>
  #shortInARow = 0
  #blockedUntil = 0

  constructor(clock: Clock, options?: SSEResilienceOptions) {
    this.#clock = clock
    this.#options = withDefaults(DEFAULTS, options)
  }

  get works(): boolean {
    return this.#clock.now() >= this.#blockedUntil
  }

  get firstEventTimeoutMs(): number {
    return this.#options.firstEventTimeout
  }

  /** A connection ended by itself; returns how long to wait before the next one. */
  ended(openedAt: number): number {
    const { minConnectionDuration, maxShortConnections, backoffBaseDelay, backoffMaxDelay } = this.#options
    if (this.#clock.now() - openedAt >= minConnectionDuration) {
      this.#shortInARow = 0
      return 0
    }
    if (++this.#shortInARow >= maxShortConnections) {
      this.block(`${this.#shortInARow} connections in a row ended at once`)
      return 0
    }
    const backoff = { initialDelay: backoffBaseDelay, maxDelay: backoffMaxDelay, multiplier: 2 }
    return backoffDelay(this.#shortInARow, backoff, this.#clock)
  }

  /** SSE does not work here: long-poll takes over for a while. */
  block(why: string, isNoteworthy = true): void {
    this.#shortInARow = 0
    this.#blockedUntil = this.#clock.now() + this.#options.retryAfter
    if (isNoteworthy && this.#options.logWarnings)
      console.warn(`durable stream: SSE gives way to long-poll, as ${why}`)
  }
}
