import type { ErrorCode } from '../http/errors.js'
import type { HttpReply } from '../http/exchange.js'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { StreamHandler } from '../http/handler.js'
import { ALLOW } from '../http/common-headers.js'
import { ClientGone, isLiveBody } from '../http/exchange.js'
import { ERROR_STATUS } from '../http/errors.js'
import { NodeRequest, RequestOrigins, sendReply } from './node-exchange.js'
import { PipelinedResponses } from './pipelined-responses.js'
import { STATUS_CODES } from 'node:http'

/** What Node's parser refuses before there is a request, by its error codes. */
const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
}

/** How long a client has to take a refusal in, and to close its side. */
const LINGER_MS = 2_000

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
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    handler.handle(new NodeRequest(message, response, origins)).then(
      (reply) => send(reply, response, handler),
      (error: unknown) => abandon(error, response, handler),
    )
  }
  return pipelined.inTurn(answer)
}

function send(reply: HttpReply, response: ServerResponse, handler: StreamHandler): void {
  try {
    if (!response.destroyed) sendReply(reply, response)
    else if (isLiveBody(reply.body)) reply.body.onClose()
  } catch (error) {
    abandon(error, response, handler)
  }
}

function abandon(error: unknown, response: ServerResponse, handler: StreamHandler): void {
  if (!(error instanceof ClientGone)) handler.settings.onFault(error)
  response.destroy()
}

/**
 * Gives a server's own refusals the form of all other errors, and refuses bodies that are announced too large
 * before they are sent (`Expect: 100-continue`).
 */
export function refineServer(server: Server, handler: StreamHandler): void {
  // By default, headers after the 2,000th are dropped without a word; their size is bounded anyway.
  server.maxHeadersCount = 0
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable || owesAnswer(socket)) {
      socket.destroy()
      return
    }
    const code = PARSER_ERRORS[error.code ?? ''] ?? 'BAD_REQUEST'
    refuse(socket, formatRefusal(code, 'the request is not well-formed HTTP'))
  })
  server.on('connect', (_message: IncomingMessage, socket: Duplex) => {
    refuse(socket, formatRefusal('METHOD_NOT_ALLOWED', 'this server is no proxy', ALLOW))
  })
  // What is expected besides 100-continue is nobody's duty (RFC 9110 §10.1.1).
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    server.emit('request', message, response)
  })
  server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
    const announced = Number(message.headers['content-length'] ?? 0)
    if (announced <= handler.settings.maxBodyBytes) response.writeContinue()
    server.emit('request', message, response)
  })
}

/**
 * Answers on a connection that node:http looks after no more, neither its errors nor its end. What the client still
 * sends is dropped for a while, since a connection closed at once could take the answer with it.
 */
function refuse(socket: Duplex, refusal: string): void {
  socket.on('error', () => socket.destroy())
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(lingering))
  socket.end(refusal)
  socket.resume()
}

/**
 * Whether a request before the one that failed still waits for its answer or is getting it: a refusal sent now
 * would be taken for that answer, or for a part of it.
 */
function owesAnswer(socket: Duplex): boolean {
  const answer = answerOn(socket)
  return answer !== null && (answer.headersSent || answer.req.complete)
}

/** The answer that a connection is there for at the moment; null between requests. */
export function answerOn(socket: Duplex): ServerResponse | null {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? null
}

function formatRefusal(code: ErrorCode, message: string, more: readonly string[] = []): string {
  const status = ERROR_STATUS[code]
  const body = JSON.stringify({ error: { code, message } })
  const headers = [
    'connection',
    'close',
    'content-type',
    'application/json',
    'x-content-type-options',
    'nosniff',
  ]
  headers.push('content-length', String(body.length), ...more)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]!}: ${headers[i + 1]!}\r\n`
  return `${head}\r\n${body}`
}
