import type { StreamPath, StreamStore } from '@ds/core'
import { fail } from '../server/assertions.js'

/** Counts the wake-ups of one path, and waits for them. */
export class WatchProbe {
  /** Ends the watch. */
  readonly end: () => void
  #wakes = 0
  #waiting: (() => void)[] = []

  /** @param onWake is called at every wake-up, before anybody who waits for it */
  constructor(
    store: StreamStore,
    path: StreamPath,
    readonly timeoutMs: number,
    onWake: () => void = () => undefined,
  ) {
    this.end = store.watch(path, () => {
      this.#wakes++
      onWake()
      for (const resolve of this.#waiting.splice(0)) resolve()
    })
  }

  get wakes(): number {
    return this.#wakes
  }

  /** Waits for a wake-up after the first `seen` ones by which `isShown` holds; tells whether it came in time. */
  async showed(seen: number, isShown: () => Promise<boolean>): Promise<boolean> {
    const deadline = performance.now() + this.timeoutMs
    for (let judged = seen; ;) {
      while (this.#wakes === judged) {
        if (!(await this.#wokenBy(deadline))) return false
      }
      judged = this.#wakes
      if (await isShown()) return true
    }
  }

  /** The same, and fails when it does not come. */
  async expect(what: string, seen: number, isShown: () => Promise<boolean>): Promise<void> {
    if (await this.showed(seen, isShown)) return
    fail(`no wake-up by which load shows ${what} came within ${this.timeoutMs} ms`)
  }

  #wokenBy(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, deadline - performance.now()))
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }
}
