import type { HttpReply, HttpRequest, LiveBody, LiveSink } from '../http/exchange.js'
import type { BodySink } from './direct-message.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SharedHead } from './shared-head.js'
import { ClientGone, isLiveBody } from '../http/exchange.js'
import { DirectMessage } from './direct-message.js'
import { toError } from '../http/errors.js'
import { toOriginForm } from '../http/target.js'
import { Later, totalLength } from '@ds/core'

/** How much a live reader's socket may hold before it is left alone until it has drained, in bytes. */
const LIVE_BUFFER_BYTES = 64 << 10

/** The origins that requests name. Most name the same, which is put together once. */
export class RequestOrigins {
  readonly #scheme: string
  #host: string | null = null
  #origin = ''

  constructor(scheme: 'http' | 'https') {
    this.#scheme = scheme
  }

  of({ headers, httpVersion }: IncomingMessage): string {
    const host = headers.host ?? (httpVersion === '1.0' ? 'localhost' : '')
    if (host !== this.#host) {
      this.#host = host
      this.#origin = `${this.#scheme}://${host}`
    }
    return this.#origin
  }
}

/** A node:http request as the handler sees it. */
export class NodeRequest implements HttpRequest {
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly origin: string

  constructor(message: IncomingMessage, response: ServerResponse, origins: RequestOrigins) {
    this.#message = message
    this.#response = response
    this.origin = origins.of(message)
  }

  get method(): string {
    return this.#message.method!
  }

  get target(): string {
    return toOriginForm(this.#message.url!)
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  onAbort(run: () => void): void {
    const response = this.#response
    if (response.destroyed) run()
    else {
      response.once('close', () => {
        if (!response.writableFinished) run()
      })
    }
  }

  get bodyLength(): number | null {
    const { headers } = this.#message
    const length = headers['content-length']
    if (length !== undefined) return Number(length)
    return headers['transfer-encoding'] === undefined ? 0 : null
  }

  readBody(check: (receivedBytes: number) => void): Later<Uint8Array> {
    const message = this.#message
    const body = new BodyCollector(check)
    if (!(message instanceof DirectMessage) || !message.deliverTo(body)) {
      message.on('data', (chunk: Buffer) => body.onChunk(chunk))
      message.on('end', () => body.onEnd())
      message.on('close', () => {
        if (!message.readableEnded) body.onGone()
      })
    }
    return body.whole
  }
}

/** Puts a body together. What comes after a refusal is dropped, so that the answer is not lost in a connection reset. */
class BodyCollector implements BodySink {
  readonly whole = new Later<Uint8Array>()
  readonly #check: (receivedBytes: number) => void
  #first: Buffer | null = null
  #chunks: Buffer[] | null = null
  #length = 0
  #isRefused = false

  constructor(check: (receivedBytes: number) => void) {
    this.#check = check
  }

  onChunk(chunk: Buffer): void {
    if (this.#isRefused) return
    this.#length += chunk.length
    try {
      this.#check(this.#length)
    } catch (error) {
      this.#isRefused = true
      this.#first = this.#chunks = null
      this.whole.reject(toError(error))
      return
    }
    if (this.#first === null) this.#first = chunk
    else (this.#chunks ??= [this.#first]).push(chunk)
  }

  onEnd(): void {
    if (this.#isRefused) return
    this.whole.resolve(this.#chunks === null ? (this.#first ?? NO_BYTES) : Buffer.concat(this.#chunks))
  }

  onGone(): void {
    this.whole.reject(new ClientGone())
  }
}

const NO_BYTES = new Uint8Array(0)

/** Sends a reply over node:http, one of those that are sent at this moment. */
export function sendReply(reply: HttpReply, response: ServerResponse, head: SharedHead): void {
  const { status, headers, body } = reply
  if (isLiveBody(body)) {
    response.writeHead(status, headers)
    sendLive(body, response)
  } else if (body === null) {
    if (!hasNoLength(status, response)) headers.push('content-length', '0')
    head.write(status, headers, response)
    response.end()
  } else {
    headers.push('content-length', String(totalLength(body)))
    response.writeHead(status, headers)
    sendPieces(body, response)
  }
}

/** Whether an empty response must not say that its length is 0: RFC 9110 §8.6. */
function hasNoLength(status: number, response: ServerResponse): boolean {
  return status === 204 || status === 304 || response.req.method === 'HEAD'
}

function sendPieces(pieces: readonly Uint8Array[], response: ServerResponse): void {
  if (pieces.length === 1) {
    response.end(pieces[0])
    return
  }
  response.cork()
  for (const piece of pieces) response.write(piece)
  response.end()
  response.uncork()
}

function sendLive(body: LiveBody, response: ServerResponse): void {
  response.flushHeaders()
  const sink: LiveSink = {
    write(chunk) {
      response.write(chunk)
      return response.writableLength <= LIVE_BUFFER_BYTES && !response.writableNeedDrain
    },
    end: () => response.end(),
    destroy: () => response.destroy(),
  }
  response.on('drain', () => body.onDrain())
  response.on('close', () => body.onClose())
  response.on('error', () => undefined)
  body.open(sink)
}
