import { StoreError } from '@ds/core'

/** How many commits are remembered that took effect after they were given up. */
const MAX_LATE = 10_000

/** Work that has a time by which it ends or is given up. */
export interface Bounded {
  /** Set by {@link Deadline.begin}. */
  begunAt: number
  /** Called when time is up. */
  giveUp(): void
}

/**
 * Bounds how long calls take, because a disk may hang without failing. A commit that takes too long is unknown; it
 * may still take effect, and then it must not do so again when its author repeats it.
 *
 * All work has the same time, so what began first ends first, and one timer is enough for all of it.
 */
export class Deadline {
  readonly #timeoutMs: number
  readonly #lateCommits = new Set<string>()
  readonly #underWay = new Set<Bounded>()
  #timer: NodeJS.Timeout | null = null

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Whether a commit took effect after its author was told that this was unknown. */
  wasLate(commitId: string): boolean {
    return this.#lateCommits.size > 0 && this.#lateCommits.has(commitId)
  }

  rememberLate(commitId: string): void {
    this.#lateCommits.add(commitId)
    if (this.#lateCommits.size <= MAX_LATE) return
    for (const oldest of this.#lateCommits) {
      this.#lateCommits.delete(oldest)
      break
    }
  }

  /** From now on the time of this work runs, until `end`. */
  begin(work: Bounded): void {
    work.begunAt = performance.now()
    this.#underWay.add(work)
    if (this.#timer === null) this.#wait(this.#timeoutMs)
  }

  end(work: Bounded): void {
    this.#underWay.delete(work)
  }

  /** Ends with the look, or rejects with a StoreError when time is up. */
  boundLook<T>(looking: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const work = { begunAt: 0, giveUp: () => reject(tooSlow()) }
      this.begin(work)
      looking.then(resolve, reject).finally(() => this.end(work))
    })
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#giveUpLate(), ms)
    this.#timer.unref()
  }

  #giveUpLate(): void {
    this.#timer = null
    const now = performance.now()
    for (const work of this.#underWay) {
      const left = work.begunAt + this.#timeoutMs - now
      if (left > 0) {
        this.#wait(Math.ceil(left))
        return
      }
      this.#underWay.delete(work)
      work.giveUp()
    }
  }
}

/** What becomes of work that was given up. */
export function tooSlow(): StoreError {
  return new StoreError('unavailable', 'the disk takes too long')
}
