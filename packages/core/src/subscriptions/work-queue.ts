/** Runs pieces of work, some at a time, in the order in which they came. */
export class WorkQueue {
  readonly #most: number
  readonly #waiting: (() => Promise<void>)[] = []
  #head = 0
  #running = 0
  #idle: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** @param work never rejects */
  add(work: () => Promise<void>): void {
    if (this.#running < this.#most) void this.#run(work)
    else this.#waiting.push(work)
  }

  /** Drops what has not begun, and resolves when the rest has ended. */
  async stop(): Promise<void> {
    this.#waiting.length = 0
    this.#head = 0
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #run(work: () => Promise<void>): Promise<void> {
    this.#running++
    for (let next: (() => Promise<void>) | undefined = work; next !== undefined; next = this.#take())
      await next()
    this.#running--
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #take(): (() => Promise<void>) | undefined {
    const next = this.#waiting[this.#head++]
    if (this.#head > 1_024 || next === undefined) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    return next
  }
}
