import { StoreError } from '@ds/core'

/** How many commits are remembered that took effect after they were given up. */
const MAX_LATE = 10_000

/** Work that has a time by which it ends or is given up. Its fields belong to {@link Deadline}. */
export abstract class Bounded {
  begunAt = 0
  /** What began before it and after it, and has not ended either; null at the ends, and when it is not under way. */
  earlier: Bounded | null = null
  later: Bounded | null = null
  isUnderWay = false

  /** Called when time is up. */
  abstract giveUp(): void
}

class BoundedLook extends Bounded {
  readonly #reject: (error: StoreError) => void

  constructor(reject: (error: StoreError) => void) {
    super()
    this.#reject = reject
  }

  giveUp(): void {
    this.#reject(tooSlow())
  }
}

/**
 * Bounds how long calls take, because a disk may hang without failing. A commit that takes too long is unknown; it
 * may still take effect, and then it must not do so again when its author repeats it.
 *
 * All work has the same time, so what began first ends first, and one timer is enough for all of it. It is a chain and
 * no Set, because a Set that much comes to and goes from leaves tables behind that keep alive what was in them for as
 * long as it takes until the garbage collector looks at old objects.
 */
export class Deadline {
  readonly #timeoutMs: number
  readonly #lateCommits = new Set<string>()
  #first: Bounded | null = null
  #last: Bounded | null = null
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
    work.isUnderWay = true
    work.earlier = this.#last
    if (this.#last === null) this.#first = work
    else this.#last.later = work
    this.#last = work
    if (this.#timer === null) this.#wait(this.#timeoutMs)
  }

  end(work: Bounded): void {
    if (!work.isUnderWay) return
    const { earlier, later } = work
    if (earlier === null) this.#first = later
    else earlier.later = later
    if (later === null) this.#last = earlier
    else later.earlier = earlier
    work.earlier = null
    work.later = null
    work.isUnderWay = false
  }

  /** Ends with the look, or rejects with a StoreError when time is up. */
  boundLook<T>(looking: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const work = new BoundedLook(reject)
      this.begin(work)
      const end = (): void => this.end(work)
      looking.then(resolve, reject).then(end, end)
    })
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#giveUpLate(), ms)
    this.#timer.unref()
  }

  #giveUpLate(): void {
    this.#timer = null
    const now = performance.now()
    for (let work = this.#first; work !== null; work = this.#first) {
      const left = work.begunAt + this.#timeoutMs - now
      if (left > 0) {
        this.#wait(Math.ceil(left))
        return
      }
      this.end(work)
      work.giveUp()
    }
  }
}

/** What becomes of work that was given up. */
export function tooSlow(): StoreError {
  return new StoreError('unavailable', 'the disk takes too long')
}
