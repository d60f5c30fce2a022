import type { Environment } from '@ds/core'

/** Something that is kept alive, checked and ended by time. */
export interface TimedSession {
  /** Called about once a second. */
  onTick(nowMs: number): void
}

const TICK_MS = 1_000

/** One timer for all live connections, however many there are. */
export class LiveSessions {
  readonly #environment: Environment
  readonly #sessions = new Set<TimedSession>()
  #isTicking = false

  constructor(environment: Environment) {
    this.#environment = environment
  }

  add(session: TimedSession): void {
    this.#sessions.add(session)
    if (!this.#isTicking) this.#tickLater()
  }

  remove(session: TimedSession): void {
    this.#sessions.delete(session)
  }

  #tickLater(): void {
    this.#isTicking = true
    this.#environment.schedule(TICK_MS, () => {
      const nowMs = this.#environment.now()
      for (const session of this.#sessions) session.onTick(nowMs)
      if (this.#sessions.size > 0) this.#tickLater()
      else this.#isTicking = false
    })
  }
}
