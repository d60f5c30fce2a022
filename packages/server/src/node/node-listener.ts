import type { HttpReply } from '../http/exchange.js'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { StreamHandler } from '../http/handler.js'
import type { SharedHead } from './shared-head.js'
import { AnswerBurst } from './answer-burst.js'
import { ClientGone, isLiveBody } from '../http/exchange.js'
import { NodeRequest, RequestOrigins, sendReply } from './node-exchange.js'
import { PipelinedResponses } from './pipelined-responses.js'

/**
 * The handler as a listener of a node:http server, without web-standard Request and Response objects in between,
 * which alone cost about half of what a bare server can do.
 */
export function createNodeListener(
  handler: StreamHandler,
  scheme: 'http' | 'https' = 'http',
): RequestListener {
  const origins = new RequestOrigins(scheme)
  const pipelined = new PipelinedResponses(handler.settings.maxPipelined)
  const burst = new AnswerBurst((reply, response, head) => send(reply, response, head, handler))
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    handler.handle(new NodeRequest(message, response, origins)).then(
      (reply) => burst.add(reply, response),
      (error: unknown) => abandon(error, response, handler),
    )
  }
  return pipelined.inTurn(answer)
}

function send(reply: HttpReply, response: ServerResponse, head: SharedHead, handler: StreamHandler): void {
  try {
    if (!response.destroyed) sendReply(reply, response, head)
    else if (isLiveBody(reply.body)) reply.body.onClose()
  } catch (error) {
    abandon(error, response, handler)
  }
}

function abandon(error: unknown, response: ServerResponse, handler: StreamHandler): void {
  if (!(error instanceof ClientGone)) handler.settings.onFault(error)
  response.destroy()
}
