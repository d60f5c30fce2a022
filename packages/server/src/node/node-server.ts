import type { ErrorCode } from '../http/errors.js'
import type { IncomingMessage, Server, ServerOptions as HttpServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { StreamHandler } from '../http/handler.js'
import { ALLOW } from '../http/common-headers.js'
import { DirectMessage } from './direct-message.js'
import { ERROR_STATUS } from '../http/errors.js'
import { STATUS_CODES } from 'node:http'
import { settleNumbers } from '@ds/core'

/** The bounds that a node:http server keeps itself. */
export interface NodeServerOptions {
  /** The time for a whole request to arrive, body included: 408 over it. Default 300 s. */
  readonly requestTimeoutMs?: number
  /** The time for a request's headers to arrive: 408 over it. Default 30 s. */
  readonly headersTimeoutMs?: number
  /** How long an idle connection is kept for the next request. Default 65 s, above what load balancers wait. */
  readonly keepAliveTimeoutMs?: number
  /** The size of all headers of a request together: 431 over it. Default 16 KiB. */
  readonly maxHeaderBytes?: number
}

const BOUNDS = {
  requestTimeoutMs: 300_000,
  headersTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  maxHeaderBytes: 16 << 10,
}

/** What Node's parser refuses before there is a request, by its error codes. */
const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
}

/** After how long a silent connection is probed. */
const TCP_KEEP_ALIVE_MS = 60_000

/** How long a client has to take a refusal in, and to close its side. */
const LINGER_MS = 2_000

/** What `createServer` of node:http or node:https should be given for a listener of streams. */
export function nodeServerOptions(options: NodeServerOptions = {}): HttpServerOptions<typeof DirectMessage> {
  const { requestTimeoutMs, headersTimeoutMs, keepAliveTimeoutMs, maxHeaderBytes } = settleNumbers(
    options,
    BOUNDS,
    ['requestTimeoutMs', 'headersTimeoutMs', 'keepAliveTimeoutMs'],
  )
  return {
    IncomingMessage: DirectMessage,
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs || headersTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: 1_000,
    // So that clients which have vanished without a word are noticed.
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    // A missing or a second Host, and a second Content-Type, are refused by the handler, with a body that says so.
    requireHostHeader: false,
    joinDuplicateHeaders: true,
  }
}

/**
 * Gives a server's own refusals the form of all other errors, refuses bodies that are announced too large before they
 * are sent (`Expect: 100-continue`), and cuts off clients that take nothing of what was written for them.
 */
export function refineServer(server: Server, handler: StreamHandler): void {
  // By default, headers after the 2,000th are dropped without a word; their size is bounded anyway.
  server.maxHeadersCount = 0
  server.setTimeout(handler.settings.stallTimeoutMs, closeSilent)
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

/** Closes a connection that is silent while nothing is under way, or while its client should take what was written for it. */
function closeSilent(socket: Socket): void {
  if (socket.writableLength > 0 || answerOn(socket) === null) socket.destroy()
}
