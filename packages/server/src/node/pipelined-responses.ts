import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * A response that waits behind another one has no socket yet, so node:http never tells it that its client is gone.
 * This does, or else each pipelined live read would be served until its time is up.
 */
export class PipelinedResponses {
  readonly #waiting = new WeakMap<Socket, Set<ServerResponse>>()

  /** Looks after a response that has to wait; to be called before anybody listens for its end. */
  watch({ socket }: IncomingMessage, response: ServerResponse): void {
    const waiting = this.#waiting.get(socket) ?? this.#watchSocket(socket)
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
  }

  #watchSocket(socket: Socket): Set<ServerResponse> {
    const waiting = new Set<ServerResponse>()
    this.#waiting.set(socket, waiting)
    socket.once('close', () => {
      for (const response of waiting) {
        if (response.socket !== null) continue
        response.destroyed = true
        response.emit('close')
      }
    })
    return waiting
  }
}
