import { setMaxListeners } from 'node:events'
import type { CaseReport } from '../report/run-report.js'

const ASK_AGAIN_MS = 300

/** Notices that the server has gone during a run, which would otherwise end in hundreds of failures that say nothing. */
export class ServerWatch {
  /** Aborted when the user stops the run, or when the server has gone. */
  readonly signal: AbortSignal
  readonly #user: AbortSignal
  readonly #gone = new AbortController()
  readonly #answers: () => Promise<boolean>
  #asking: Promise<void> | null = null
  #lastCase = ''

  constructor(user: AbortSignal, answers: () => Promise<boolean>) {
    this.#user = user
    this.signal = AbortSignal.any([user, this.#gone.signal])
    // Every case that runs listens.
    setMaxListeners(0, this.signal)
    this.#answers = answers
  }

  get hasGone(): boolean {
    return this.#gone.signal.aborted
  }

  /** The first failure after which the server did not answer. */
  get lastCase(): string {
    return this.#lastCase
  }

  /** Takes a case that has ended; after one that failed, the server is asked whether it is still there. */
  note(one: CaseReport): void {
    if (one.verdict !== 'failed' && one.verdict !== 'known-failure') return
    if (!this.hasGone) this.#asking ??= this.#ask(one.id)
  }

  /** Resolves when nothing is being asked: cases fail faster than it is found out that they do for want of a server. */
  async settled(): Promise<void> {
    await this.#asking
  }

  async #ask(id: string): Promise<void> {
    if (!(await this.#answers())) {
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
      // Whoever stops the run breaks the question off as well, which says nothing about the server.
      if (!(await this.#answers()) && !this.#user.aborted) {
        this.#lastCase = id
        this.#gone.abort()
      }
    }
    this.#asking = null
  }
}
