import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'

/** What a server, or something on the way to it, does to one request. */
export const READ_FAULTS = [
  'none',
  'none',
  'drop-before',
  'drop-mid',
  'stall',
  'status-500',
  'status-502-html',
  'status-503-retry-after',
  'status-429-retry-after',
  'status-401',
  'html-200',
  'replay-last',
  'replay-first',
  'skip-ahead',
  'corrupt-json',
  'same-cursor',
  'sse-silent',
  'sse-refused',
  'sse-ends-at-once',
  'sse-cut-before-control',
  'sse-bad-control',
  'sse-repeat',
  'sse-skip',
] as const

export type ReadFault = (typeof READ_FAULTS)[number]

export interface ScriptedOptions {
  readonly contentType: string
  /** What the stream holds in the end: JSON texts, or bytes. */
  readonly messages: readonly Buffer[]
  /** Messages in a page. */
  readonly pageSize: number
  /** One for each request, in order; none when they are used up. */
  readonly faults: readonly ReadFault[]
}

interface Reply {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/**
 * A server of one stream over real sockets. The stream grows by a message with each request that waits, and is closed
 * when all are there. What it does wrong is scripted; what it says is right otherwise.
 */
export class ScriptedStream {
  readonly #options: ScriptedOptions
  readonly #server: Server
  readonly faults: ReadFault[]
  readonly seen: string[] = []
  #revealed = 1
  #cursor = 1
  #replies: Reply[] = []
  token = 0

  constructor(options: ScriptedOptions) {
    this.#options = options
    this.faults = [...options.faults]
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/stream`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined)
    const params = new URL(request.url!, 'http://x').searchParams
    const live = params.get('live')
    const fault = this.faults.shift() ?? 'none'
    this.seen.push(`${request.url} ${request.headers.authorization ?? ''} <- ${fault}`)
    if (this.#failed(fault, request, response)) return
    const from = readOffset(params.get('offset'))
    if (from === this.#revealed && live !== null) this.#reveal()
    if (live === 'sse') this.#serveSse(from, fault, response)
    else this.#servePage(from, live === 'long-poll', params.get('cursor'), fault, response)
  }

  #reveal(): void {
    this.#revealed = Math.min(this.#revealed + 1, this.#options.messages.length)
  }

  /** Faults that have nothing to do with what was asked. */
  #failed(fault: ReadFault, request: IncomingMessage, response: ServerResponse): boolean {
    const [first] = this.#replies
    const last = this.#replies.at(-1)
    switch (fault) {
      case 'drop-before':
        request.socket.destroy()
        return true
      case 'stall':
        return true
      case 'status-500':
        response.writeHead(500).end('oops')
        return true
      case 'status-502-html':
        response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
        return true
      case 'status-503-retry-after':
        response.writeHead(503, { 'retry-after': '1' }).end()
        return true
      case 'status-429-retry-after':
        response.writeHead(429, { 'retry-after': new Date(Date.now() + 1000).toUTCString() }).end()
        return true
      case 'status-401':
        this.token++
        response.writeHead(401).end('{"error":{"code":"TOKEN_EXPIRED","message":"expired"}}')
        return true
      case 'html-200':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in to the network</h1>')
        return true
      case 'replay-last':
        return last === undefined ? false : send(response, last)
      case 'replay-first':
        return first === undefined ? false : send(response, first)
      default:
        return false
    }
  }

  #servePage(
    from: number,
    waits: boolean,
    cursor: string | null,
    fault: ReadFault,
    response: ServerResponse,
  ): void {
    const to = Math.min(from + this.#options.pageSize, this.#revealed)
    const isAll = to === this.#revealed
    const closed = isAll && to === this.#options.messages.length
    const next = cursor !== null && fault === 'same-cursor' ? cursor : String(++this.#cursor)
    const headers: Record<string, string> = {
      'content-type': this.#options.contentType,
      'stream-next-offset': formatOffset(fault === 'skip-ahead' ? to + 1 : to),
      'stream-cursor': next,
      ...(isAll ? { 'stream-up-to-date': 'true' } : {}),
      ...(closed ? { 'stream-closed': 'true' } : {}),
    }
    if (fault === 'skip-ahead' || (waits && to === from)) {
      response.writeHead(204, headers).end()
      return
    }
    let body = this.#join(from, to)
    if (fault === 'corrupt-json' && this.#isJson) body = body.subarray(0, body.length - 1)
    if (fault === 'drop-mid') {
      response.writeHead(200, { ...headers, 'content-length': body.length + 1 })
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy())
      return
    }
    const reply = { status: 200, headers, body }
    if (fault === 'none') this.#replies.push(reply)
    send(response, reply)
  }

  #serveSse(from: number, fault: ReadFault, response: ServerResponse): void {
    if (fault === 'sse-refused') {
      response.writeHead(406).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...(this.#isText ? {} : { 'stream-sse-data-encoding': 'base64' }),
    })
    if (fault === 'sse-silent') {
      response.flushHeaders()
      return
    }
    if (fault === 'sse-ends-at-once') return void response.end()
    void this.#writeEvents(from, fault, response)
  }

  async #writeEvents(start: number, fault: ReadFault, response: ServerResponse): Promise<void> {
    let from = start
    for (let round = 0; !response.destroyed; round++) {
      const to = Math.min(from + this.#options.pageSize, this.#revealed)
      const closed = to === this.#options.messages.length
      const control = this.#control(fault === 'sse-skip' ? to + 1 : to, to === this.#revealed, closed)
      const data = to === from || fault === 'sse-skip' ? '' : this.#dataEvent(from, to)
      if (fault === 'sse-cut-before-control' && data !== '') {
        response.write(data, () => response.destroy())
        return
      }
      if (fault === 'sse-bad-control') {
        response.end(`${data}event: control\ndata: {"streamNext\n\n`)
        return
      }
      if (fault === 'sse-repeat' && data !== '') response.write(data + control)
      await writeInPieces(response, `:\n\n${data}${control}`, 1 + (round % 7) * 5)
      // The server recycles connections; the reader has to come again.
      if (closed || fault !== 'none' || round === 3) return void response.end()
      from = to
      this.#reveal()
    }
  }

  #control(next: number, upToDate: boolean, closed: boolean): string {
    const fields = {
      streamNextOffset: formatOffset(next),
      ...(closed ? { streamClosed: true } : { streamCursor: String(++this.#cursor) }),
      ...(upToDate ? { upToDate } : {}),
    }
    return `event: control\ndata: ${JSON.stringify(fields)}\n\n`
  }

  #dataEvent(from: number, to: number): string {
    const body = this.#join(from, to)
    const text = this.#isText ? body.toString() : body.toString('base64').replace(/(.{7})/g, '$1\n')
    const lines = text.split('\n').map((line) => `data: ${line}\n`)
    return `event: data\n${lines.join('')}\n`
  }

  #join(from: number, to: number): Buffer {
    const messages = this.#options.messages.slice(from, to)
    return this.#isJson ? Buffer.from(`[${messages.map(String).join(',\n')}]`) : Buffer.concat(messages)
  }

  get #isJson(): boolean {
    return this.#options.contentType === 'application/json'
  }

  get #isText(): boolean {
    return this.#isJson || this.#options.contentType.startsWith('text/')
  }
}

function send(response: ServerResponse, reply: Reply): true {
  response.writeHead(reply.status, reply.headers).end(reply.body)
  return true
}

async function writeInPieces(response: ServerResponse, text: string, size: number): Promise<void> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += Math.max(size, Math.ceil(bytes.length / 5))) {
    response.write(bytes.subarray(at, at + Math.max(size, Math.ceil(bytes.length / 5))))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function readOffset(offset: string | null): number {
  return offset === null || offset === '-1' ? 0 : Number(offset)
}

function formatOffset(position: number): string {
  return String(position).padStart(10, '0')
}
