/**
 * Who may post to webhooks: so many at a time in total, and so many to one target, so that a slow receiver delays
 * nobody else. A place is taken before a wake is raised, because its lease runs from then on.
 */
export class DeliverySlots {
  readonly #most: number
  readonly #mostPerTarget: number
  readonly #used = new Map<string, number>()
  /** Who waits for which target, in order. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #total = 0

  constructor(most: number, mostPerTarget: number) {
    this.#most = most
    this.#mostPerTarget = mostPerTarget
  }

  /** How many posts are under way. */
  get total(): number {
    return this.#total
  }

  /** Takes a place if there is one. Otherwise `whenFree` is called once, when it is worth another try. */
  tryTake(target: string, whenFree: () => void): boolean {
    const used = this.#used.get(target) ?? 0
    if (this.#total < this.#most && used < this.#mostPerTarget) {
      this.#used.set(target, used + 1)
      this.#total++
      return true
    }
    const waiting = this.#waiting.get(target) ?? new Set()
    this.#waiting.set(target, waiting.add(whenFree))
    return false
  }

  /** Lets the next one try, in the place of one that was called and did not need it. */
  pass(): void {
    if (this.#total < this.#most) this.#wakeNext()
  }

  /** Gives a place back. */
  free(target: string): void {
    const used = this.#used.get(target)! - 1
    if (used === 0) this.#used.delete(target)
    else this.#used.set(target, used)
    this.#total--
    this.#wakeNext()
  }

  /** Targets take turns, and within a target those who wait do. */
  #wakeNext(): void {
    for (const [target, waiting] of this.#waiting) {
      if ((this.#used.get(target) ?? 0) >= this.#mostPerTarget) continue
      const [next] = waiting
      waiting.delete(next!)
      this.#waiting.delete(target)
      if (waiting.size > 0) this.#waiting.set(target, waiting)
      next!()
      return
    }
  }
}
