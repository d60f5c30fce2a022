import type { Clock } from './clock.js'

/** Why a connection is given up although nobody closed it. */
export type Death = 'idle' | 'slept'

/** How often a watchdog looks. */
const TICK_MS = 5_000
/** A tick that comes this much too late means that the device slept, and that its connections are dead. */
const SLEEP_MS = 10_000

/**
 * Notices that a connection is dead although it says nothing: no sign of life for too long, or the device slept.
 * It looks only while somebody waits for the connection, so that a slow consumer is no dead server.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #onDeath: (death: Death) => void
  #lastSignAt = 0
  #lastTickAt = 0
  #isWaiting = false
  #callOff: (() => void) | null = null

  constructor(clock: Clock, idleMs: number, onDeath: (death: Death) => void) {
    this.#clock = clock
    this.#idleMs = idleMs
    this.#onDeath = onDeath
  }

  /** Somebody begins to wait. */
  start(): void {
    this.#isWaiting = true
    this.#lastSignAt = this.#clock.now()
    // The timer of the wait before goes on: a page comes in many pieces.
    if (this.#callOff === null) {
      this.#lastTickAt = this.#lastSignAt
      this.#tickLater()
    }
  }

  /** What was waited for has come; more may be waited for soon. */
  pause(): void {
    this.#isWaiting = false
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#isWaiting = false
    this.#callOff?.()
    this.#callOff = null
  }

  #tickLater(): void {
    const delayMs = Math.min(TICK_MS, this.#idleMs)
    this.#callOff = this.#clock.schedule(delayMs, () => {
      this.#callOff = null
      if (!this.#isWaiting) return
      const now = this.#clock.now()
      const late = now - this.#lastTickAt - delayMs
      this.#lastTickAt = now
      if (late > SLEEP_MS) this.#onDeath('slept')
      else if (now - this.#lastSignAt >= this.#idleMs) this.#onDeath('idle')
      else this.#tickLater()
    })
  }
}
