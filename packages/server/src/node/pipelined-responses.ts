import type { RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Requests that a client sends before it has the answers to earlier ones. node:http hands out all of them at once and
 * holds their answers back, however many there are.
 */
export class PipelinedResponses {
  readonly #most: number
  readonly #waiting = new WeakMap<Socket, number>()

  /** @param most how many of one connection may wait; with one more it is closed */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * The same listener, but in turn: a request is carried out when those before it are answered. So they take effect in
   * the order in which they were sent (RFC 9112 §9.3.2), and no answer that has to wait takes up memory.
   */
  inTurn(answer: RequestListener): RequestListener {
    return (message, response) => {
      if (response.socket !== null) answer(message, response)
      else if (!this.#wait(message.socket, response)) message.socket.destroy()
      else response.once('socket', () => answer(message, response))
    }
  }

  /** Counts a response that has to wait; false if there is no room for it. */
  #wait(socket: Socket, response: ServerResponse): boolean {
    const count = this.#waiting.get(socket) ?? 0
    if (count >= this.#most) return false
    this.#waiting.set(socket, count + 1)
    response.once('close', () => this.#waiting.set(socket, this.#waiting.get(socket)! - 1))
    return true
  }
}
