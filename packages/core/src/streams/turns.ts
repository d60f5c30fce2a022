import type { Environment } from './environment.js'

/** How many go on in one turn; each may then handle a batch, so that a turn handles about a mebibyte. */
const AT_A_TIME = 8

/**
 * Turns of the event loop for work that could go on without end. A store and a socket that never make anybody wait
 * would otherwise let one reader go through a whole stream before anything else is done.
 */
export class Turns {
  readonly #environment: Environment
  #waiting: (() => void)[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Resolves when it is the caller's turn: in a later one than this, and behind all who asked before. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) this.#environment.defer(() => this.#goOn())
    })
  }

  #goOn(): void {
    const now = this.#waiting.slice(0, AT_A_TIME)
    this.#waiting = this.#waiting.slice(AT_A_TIME)
    if (this.#waiting.length > 0) this.#environment.defer(() => this.#goOn())
    for (const resolve of now) resolve()
  }
}
