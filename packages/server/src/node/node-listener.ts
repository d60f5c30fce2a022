import type { ErrorCode } from '../http/errors.js'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { StreamHandler } from '../http/handler.js'
import { BodyError } from '../http/exchange.js'
import { ERROR_STATUS } from '../http/errors.js'
import { NodeRequest, sendReply } from './node-exchange.js'
import { STATUS_CODES } from 'node:http'

/** What Node's parser refuses before there is a request, by its error codes. */
const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
}

/**
 * The handler as a listener of a node:http server, without web-standard Request and Response objects in between,
 * which alone cost about half of what a bare server can do.
 */
export function createNodeListener(
  handler: StreamHandler,
  scheme: 'http' | 'https' = 'http',
): RequestListener {
  return (message: IncomingMessage, response: ServerResponse): void => {
    handler.handle(new NodeRequest(message, response, scheme)).then(
      (reply) => {
        if (!response.destroyed) sendReply(reply, response)
      },
      (error: unknown) => {
        if (!(error instanceof BodyError)) handler.settings.onFault(error)
        response.destroy()
      },
    )
  }
}

/**
 * Gives a server's own refusals the form of all other errors, and refuses bodies that are announced too large
 * before they are sent (`Expect: 100-continue`).
 */
export function refineServer(server: Server, handler: StreamHandler): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const code = PARSER_ERRORS[error.code ?? ''] ?? 'BAD_REQUEST'
    socket.end(formatRefusal(code))
  })
  server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
    const announced = Number(message.headers['content-length'] ?? 0)
    if (announced <= handler.settings.maxBodyBytes) response.writeContinue()
    server.emit('request', message, response)
  })
}

function formatRefusal(code: ErrorCode): string {
  const status = ERROR_STATUS[code]
  const body = JSON.stringify({ error: { code, message: 'the request is not well-formed HTTP' } })
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
    `x-content-type-options: nosniff\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
}
