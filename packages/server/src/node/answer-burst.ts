import type { HttpReply } from '../http/exchange.js'
import type { ServerResponse } from 'node:http'
import { SharedHead } from './shared-head.js'

interface Answer {
  readonly reply: HttpReply
  readonly response: ServerResponse
}

/** How many answers are held back at most: more would only keep their clients waiting. */
const LARGEST_BURST = 32

/**
 * Sends the answers that are ready in one turn of the event loop one after the other: in a burst they cost the kernel
 * far fewer wake-ups of those who wait for them than one by one.
 */
export class AnswerBurst {
  readonly #send: (reply: HttpReply, response: ServerResponse, head: SharedHead) => void
  #answers: Answer[] = []
  #isPlanned = false

  constructor(send: (reply: HttpReply, response: ServerResponse, head: SharedHead) => void) {
    this.#send = send
  }

  add(reply: HttpReply, response: ServerResponse): void {
    this.#answers.push({ reply, response })
    if (this.#answers.length === LARGEST_BURST) this.#sendAll()
    else if (!this.#isPlanned) {
      this.#isPlanned = true
      setImmediate(() => {
        this.#isPlanned = false
        this.#sendAll()
      })
    }
  }

  #sendAll(): void {
    const answers = this.#answers
    this.#answers = []
    const head = new SharedHead()
    for (const { reply, response } of answers) this.#send(reply, response, head)
  }
}
