import type { Environment } from '../src/streams/environment.js'
import type { StreamId } from '../src/protocol/branded.js'

/** Noon of a day on which nothing happens. */
export const START_TIME = 1_800_000_000_000

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** A clock that only tests move, and work that only tests start. */
export class FakeEnvironment implements Environment {
  time: number
  readonly deferred: (() => void)[] = []
  /** Whether deferred work waits for a test to run it; otherwise it runs by itself, soon. */
  isManual = false
  readonly #timers = new Set<Timer>()
  readonly #node: string
  #ids = 0
  #order = 0

  /** @param node tells the ids of one engine from those of another, one character of `1-9a-v` */
  constructor(node = '1', time: number = START_TIME) {
    this.#node = node
    this.time = time
  }

  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.time
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, order: ++this.#order, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  defer(run: () => void): void {
    this.deferred.push(run)
    if (this.isManual) return
    setImmediate(() => {
      const at = this.deferred.indexOf(run)
      if (at === -1) return
      this.deferred.splice(at, 1)
      run()
    })
  }

  newStreamId(): StreamId {
    return `${this.#node}${(++this.#ids).toString(32).padStart(15, '0')}` as StreamId
  }

  /** Waits until nothing is at hand any more, deferred work that only a test may run apart. */
  async settle(): Promise<void> {
    do await flushPromises()
    while (this.deferred.length > 0 && !this.isManual)
  }

  /** Moves the clock on, stopping at every timer on the way. */
  async advance(ms: number): Promise<void> {
    await this.settle()
    const end = this.time + ms
    for (let timer = this.#nextTimer(end); timer !== null; timer = this.#nextTimer(end)) {
      this.time = Math.max(this.time, timer.at)
      this.#timers.delete(timer)
      timer.run()
      await this.settle()
    }
    this.time = end
    await this.settle()
  }

  /** Forgets all timers and deferred work, as the end of a process does. */
  kill(): void {
    this.#timers.clear()
    this.deferred.length = 0
  }

  #nextTimer(end: number): Timer | null {
    let next: Timer | null = null
    for (const timer of this.#timers) {
      if (timer.at > end) continue
      if (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
        next = timer
    }
    return next
  }
}

/** Resolves when every promise that can settle without timers has settled. */
export function flushPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
