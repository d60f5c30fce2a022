import { StoreError } from '@ds/core'

/** How many commits are remembered that took effect after they were given up. */
const MAX_LATE = 10_000

/** Work that has a time by which it ends or is given up. Its fields belong to {@link Deadline}. */
export abstract class Bounded {
  /** What it is a part of; null when it is not under way. */
  group: Group | null = null
  /** Where it is in the group. */
  place = 0

  /** Called when time is up. */
  abstract giveUp(): void
}

/** Work that began in one go, as the commits of most turns of the event loop do: a clock and a chain for each cost more. */
class Group {
  readonly begunAt: number = performance.now()
  /** In the order in which it began; null for what has ended, so that nothing is kept for the sake of others. */
  readonly works: (Bounded | null)[] = []
  underWay = 0
  /** What began before it and after it, and has not ended either; null at the ends. */
  earlier: Group | null
  later: Group | null = null

  constructor(earlier: Group | null) {
    this.earlier = earlier
  }
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
 * All work has the same time, so what began first ends first, and one timer is enough for all of it. Groups are a chain
 * and no Set, because a Set that much comes to and goes from leaves tables behind that keep alive what was in them for as
 * long as it takes until the garbage collector looks at old objects.
 */
export class Deadline {
  readonly #timeoutMs: number
  readonly #lateCommits = new Set<string>()
  #first: Group | null = null
  #last: Group | null = null
  /** What is begun now belongs to it; null when nothing was begun in this go yet. */
  #open: Group | null = null
  readonly #close = (): void => void (this.#open = null)
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
    const group = this.#open ?? this.#openGroup()
    work.group = group
    work.place = group.works.push(work) - 1
    group.underWay++
  }

  end(work: Bounded): void {
    const { group } = work
    if (group === null) return
    group.works[work.place] = null
    work.group = null
    if (--group.underWay === 0) this.#remove(group)
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

  #openGroup(): Group {
    const group = new Group(this.#last)
    if (this.#last === null) this.#first = group
    else this.#last.later = group
    this.#last = group
    this.#open = group
    queueMicrotask(this.#close)
    if (this.#timer === null) this.#wait(this.#timeoutMs)
    return group
  }

  #remove(group: Group): void {
    const { earlier, later } = group
    // Its place in the chain is gone, so nothing may become a part of it any more.
    if (group === this.#open) this.#open = null
    if (earlier === null) this.#first = later
    else earlier.later = later
    if (later === null) this.#last = earlier
    else later.earlier = earlier
    // Else one that has become an old object would keep alive all that came after it.
    group.earlier = null
    group.later = null
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#giveUpLate(), ms)
    this.#timer.unref()
  }

  #giveUpLate(): void {
    this.#timer = null
    const now = performance.now()
    for (let group = this.#first; group !== null; group = this.#first) {
      const left = group.begunAt + this.#timeoutMs - now
      if (left > 0) {
        this.#wait(Math.ceil(left))
        return
      }
      for (const work of group.works) {
        if (work === null) continue
        this.end(work)
        work.giveUp()
      }
    }
  }
}

/** What becomes of work that was given up. */
export function tooSlow(): StoreError {
  return new StoreError('unavailable', 'the disk takes too long')
}
