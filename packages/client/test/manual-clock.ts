import type { Clock } from '../src/environment/clock.js'

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 1_000_000
  #timers: { at: number; callback: () => void }[] = []
  /** The delays that were asked for, in milliseconds. */
  readonly delays: number[] = []

  now(): number {
    return this.#now
  }

  random(): number {
    return 0.5
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback }
    this.delays.push(delayMs)
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass, and what is due happen in its order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#timers = this.#timers.filter((other) => other !== next)
      next.callback()
    }
    this.#now = end
  }

  /** Time passes and nothing happens, as on a device that sleeps; timers are late afterwards. */
  sleep(ms: number): void {
    this.#now += ms
  }
}
