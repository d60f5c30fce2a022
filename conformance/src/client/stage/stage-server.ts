import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ReportedExchange } from '../../report/run-report.js'
import { answerRead } from './stage-reads.js'
import { StageStream, type StageStreamOptions } from './stage-stream.js'
import { answerPost, answerPut, describe } from './stage-writes.js'

const MOST_BODY_BYTES = 8 << 20

/** A request that a client made, as the stage saw it. */
export interface StageRequest {
  readonly method: string
  readonly path: string
  /** The query as it was sent, without the question mark. */
  readonly rawQuery: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** When it had arrived whole, in milliseconds of some clock. */
  readonly atMs: number
  /** How it was answered; null as long as it is not. */
  status: number | null
}

/** What one step of a script has to work with. */
export interface StepContext {
  readonly request: StageRequest
  readonly response: ServerResponse
  readonly stream: StageStream | undefined
  /** Answers as the protocol says. */
  readonly honestly: () => Promise<void>
}

/** What the stage does to one request. A step that does not answer leaves the request hanging. */
export type Step = (context: StepContext) => void | Promise<void>

/** What a request is: a GET by how it reads, anything else by its method. */
export type RequestKind = 'CATCH-UP' | 'LONG-POLL' | 'SSE' | 'READ' | 'PUT' | 'POST' | 'HEAD' | 'DELETE'

interface Script {
  readonly kind: RequestKind
  readonly steps: Step[]
}

/**
 * A server for judging clients: it speaks the protocol, from memory, but for the requests that a script takes over. It
 * remembers what it was asked.
 */
export class StageServer {
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response))
  readonly #streams = new Map<string, StageStream>()
  readonly #scripts = new Map<string, Script[]>()
  readonly #requests = new Map<string, StageRequest[]>()
  #url = ''

  get url(): string {
    return this.#url
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** Puts a stream on the stage. */
  put(path: string, options?: StageStreamOptions): StageStream {
    const stream = new StageStream(options)
    this.#streams.set(path, stream)
    return stream
  }

  stream(path: string): StageStream | undefined {
    return this.#streams.get(path)
  }

  remove(path: string): void {
    const stream = this.#streams.get(path)
    this.#streams.delete(path)
    stream?.wake()
  }

  /** Takes the next requests of a kind over, one step each; what comes after them is answered honestly. */
  script(path: string, kind: RequestKind, ...steps: Step[]): void {
    const scripts = this.#scripts.get(path) ?? []
    scripts.push({ kind, steps })
    this.#scripts.set(path, scripts)
  }

  /** The requests to a path so far, of one kind if it is given. */
  requests(path: string, kind?: RequestKind): StageRequest[] {
    const all = this.#requests.get(path) ?? []
    return kind === undefined ? [...all] : all.filter((one) => isOfKind(one, kind))
  }

  /** The requests to a path as a report shows them. */
  reported(path: string): ReportedExchange[] {
    return this.requests(path).map(({ method, rawQuery, headers, body, status }) => ({
      method,
      target: rawQuery === '' ? path : `${path}?${rawQuery}`,
      requestHeaders: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ),
      ...(body.length === 0 ? {} : { requestBody: body.toString().slice(0, 2000) }),
      status,
      responseHeaders: {},
    }))
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined)
    try {
      const request = await receive(incoming)
      response.once('close', () => (request.status = response.headersSent ? response.statusCode : null))
      const known = this.#requests.get(request.path) ?? []
      known.push(request)
      this.#requests.set(request.path, known)
      const stream = this.#streams.get(request.path)
      const honestly = (): Promise<void> => this.#answer(request, response)
      const step = this.#scripts
        .get(request.path)
        ?.find((one) => isOfKind(request, one.kind) && one.steps.length > 0)
      await (step?.steps.shift() ?? honestly)({ request, response, stream, honestly })
    } catch {
      response.destroy()
    }
  }

  async #answer(request: StageRequest, response: ServerResponse): Promise<void> {
    const stream = this.#streams.get(request.path)
    if (request.method === 'PUT') {
      answerPut(this.#streams, request.path, request, response)
      return
    }
    if (stream === undefined) {
      response.writeHead(404).end()
      return
    }
    if (request.method === 'GET') await answerRead(stream, request.query, response)
    else if (request.method === 'POST') answerPost(stream, request, response)
    else if (request.method === 'HEAD') response.writeHead(200, describe(stream)).end()
    else if (request.method === 'DELETE') {
      this.remove(request.path)
      response.writeHead(204).end()
    } else response.writeHead(405).end()
  }
}

function isOfKind({ method, query }: StageRequest, kind: RequestKind): boolean {
  if (method !== 'GET') return method === kind
  const live = query.get('live')
  return (
    kind === 'READ' || kind === (live === 'sse' ? 'SSE' : live === 'long-poll' ? 'LONG-POLL' : 'CATCH-UP')
  )
}

async function receive(incoming: IncomingMessage): Promise<StageRequest> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BODY_BYTES) throw new Error('the body is too long')
    chunks.push(chunk)
  }
  const [path = '', rawQuery = ''] = (incoming.url ?? '').split(/\?(.*)/s)
  return {
    method: incoming.method ?? '',
    path,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    atMs: performance.now(),
    status: null,
  }
}
