import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { ConformanceFailure } from './assertions.js'
import { Exchange, type SentRequest } from './exchange.js'
import { exchangeRaw, parseResponses, type RawScript } from './raw-http.js'
import { SseConnection } from './sse-connection.js'
import { TestStream } from './test-stream.js'
import { TEXT } from './wire-names.js'

export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>
export type RequestBody = string | Uint8Array | ReadableStream<Uint8Array>

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as bytes: no content type is ever added for the caller. */
  readonly body?: RequestBody
  /** Appended to the path; arrays repeat the parameter. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
}

export interface ContextSettings {
  readonly baseUrl: string
  readonly basePath: string
  readonly longPollTimeoutMs: number
  readonly sseRecycleMs?: number
  readonly bodyLimitBytes?: number
  readonly fetch: FetchFunction
  /** Sent with every request, as for authentication; a header of the case itself wins. */
  readonly headers?: Readonly<Record<string, string>>
  /** Restarts the server on the same address and data, and resolves when it answers again. */
  readonly restart?: () => Promise<void>
}

/** Exchanges that are kept to explain a failure; earlier ones are forgotten. */
const MOST_TRACED = 20

/** Unique to this process, so that runs against a server that keeps its data do not meet. */
const RUN_ID = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}`
let pathsMade = 0

/** All that a case has to work with: every request it makes ends with it. */
export class CaseContext {
  readonly baseUrl: URL
  readonly basePath: string
  /** How long the server under test holds a long-poll open. */
  readonly longPollTimeoutMs: number
  readonly sseRecycleMs: number
  readonly bodyLimitBytes: number
  readonly #fetch: FetchFunction
  readonly #headers: Readonly<Record<string, string>>
  readonly #restart: (() => Promise<void>) | undefined
  readonly #abort = new AbortController()
  readonly #paths: string[] = []
  readonly #trace: (Exchange | SseConnection)[] = []
  #lagMs = 0

  constructor(settings: ContextSettings) {
    this.baseUrl = new URL(settings.baseUrl)
    this.basePath = settings.basePath
    this.longPollTimeoutMs = settings.longPollTimeoutMs
    this.sseRecycleMs = settings.sseRecycleMs ?? 60_000
    this.bodyLimitBytes = settings.bodyLimitBytes ?? Number.POSITIVE_INFINITY
    this.#fetch = settings.fetch
    this.#headers = settings.headers ?? {}
    this.#restart = settings.restart
  }

  /** The paths that the case was given, so that what it created can be removed. */
  get paths(): readonly string[] {
    return this.#paths
  }

  /** The last exchanges of the case, in the order in which they were answered. */
  get trace(): readonly (Exchange | SseConnection)[] {
    return this.#trace
  }

  /** Given when the case has ended, for what it has opened itself. */
  get ended(): AbortSignal {
    return this.#abort.signal
  }

  /** Aborts whatever the case left open. */
  dispose(): void {
    this.#abort.abort()
  }

  /** The longest that a request which waits for nothing took, or that a pause was too long. */
  get lagMs(): number {
    return this.#lagMs
  }

  /** A path below the base path that nothing else uses. */
  newPath(label = 'stream'): string {
    pathsMade += 1
    const path = `${this.basePath}/conformance-${RUN_ID}/${label}-${pathsMade}`
    this.#paths.push(path)
    return path
  }

  url(path: string): string {
    return `${this.baseUrl.origin}${path}`
  }

  /** The one way to the server for HTTP that a client library would speak. */
  fetch(path: string, init: RequestInit): Promise<Response> {
    return this.#fetch(this.url(path), {
      redirect: 'manual',
      ...init,
      headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) },
      signal: init.signal ?? this.#abort.signal,
    })
  }

  /** Sends a request and reads the whole response. */
  request(method: string, path: string, options: RequestOptions = {}): Promise<Exchange> {
    const exchange = this.#request(method, path, options)
    // A case may have failed elsewhere by the time that this is aborted, and nobody is left who waits for it.
    exchange.catch(() => undefined)
    return exchange
  }

  async #request(method: string, path: string, options: RequestOptions): Promise<Exchange> {
    const { sent, init } = prepare(method, path, options)
    const startedAt = performance.now()
    try {
      const response = await this.fetch(sent.target, init)
      const bytes = decoded(new Uint8Array(await response.arrayBuffer()), response.headers)
      const { status, headers } = response
      const elapsedMs = performance.now() - startedAt
      if (options.query?.['live'] === undefined) this.#lagMs = Math.max(this.#lagMs, elapsedMs)
      return this.#traced(new Exchange(sent, { status, headers, bytes, elapsedMs }))
    } catch (error) {
      throw new ConformanceFailure(`no whole response to ${method} ${sent.target}: ${reason(error)}`, {
        cause: error,
      })
    }
  }

  /** Opens a response that stays open. */
  async open(path: string, options: RequestOptions = {}): Promise<SseConnection> {
    const { sent, init } = prepare('GET', path, options)
    const abort = new AbortController()
    this.#abort.signal.addEventListener('abort', () => abort.abort(), { once: true })
    const response = await this.fetch(sent.target, { ...init, signal: abort.signal })
    const connection = this.#traced(new SseConnection(sent, response, abort))
    this.#abort.signal.addEventListener('abort', () => connection.close(), { once: true })
    return connection
  }

  /** A stream that does not exist yet, with the content type that requests to it will carry. */
  stream(type: string = TEXT, label?: string): TestStream {
    return new TestStream(this, this.newPath(label), type)
  }

  /** A stream that has just been created. */
  async create(type: string = TEXT, options: RequestOptions = {}): Promise<TestStream> {
    const stream = this.stream(type)
    const created = await stream.put(options)
    created.expectStatus(201)
    return stream
  }

  /** Sends a request whose target and headers reach the server as they are. Needs `socket`. */
  async rawRequest(
    method: string,
    target: string,
    {
      headers = {},
      body,
    }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
  ): Promise<Exchange> {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const all = { Host: this.baseUrl.host, Connection: 'close', ...length, ...headers }
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const payload = `${method} ${target} HTTP/1.1\r\n${head.join('')}\r\n${body ?? ''}`
    const sent: SentRequest = {
      method,
      target,
      headers: all,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    }
    const answers = await this.raw(sent, { payload })
    const answer = answers.find((exchange) => exchange.status >= 200)
    if (answer === undefined)
      throw new ConformanceFailure(`no response to ${method} ${target} over a raw connection`)
    return answer
  }

  /** Writes bytes to a connection and returns all responses that came back. Needs `socket`. */
  async raw(described: SentRequest, script: RawScript): Promise<Exchange[]> {
    const startedAt = performance.now()
    const received = await exchangeRaw(this.baseUrl, this.#withHeaders(script), this.#abort.signal)
    const exchanges = parseResponses(described, received, performance.now() - startedAt)
    return exchanges.map((exchange) => this.#traced(exchange))
  }

  /** Repeats an attempt until it no longer throws, or throws its last failure after the time-out. */
  async eventually<T>(attempt: () => Promise<T>, timeoutMs: number): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (Date.now() >= deadline || this.#abort.signal.aborted) throw error
      }
      await this.sleep(50)
    }
  }

  /** Restarts the server. Needs `restart`, and a case that runs alone. */
  async restart(): Promise<void> {
    if (this.#restart === undefined) throw new Error('a case that restarts the server must need it')
    await this.#restart()
  }

  async sleep(durationMs: number): Promise<void> {
    const startedAt = performance.now()
    await new Promise((resolve) => setTimeout(resolve, durationMs))
    this.#lagMs = Math.max(this.#lagMs, performance.now() - startedAt - durationMs)
  }

  #traced<T extends Exchange | SseConnection>(one: T): T {
    this.#trace.push(one)
    if (this.#trace.length > MOST_TRACED) this.#trace.shift()
    return one
  }

  /** Raw requests are text that a case wrote; each has one Host line, and what is sent with all of them follows it. */
  #withHeaders(script: RawScript): RawScript {
    const lines = Object.entries(this.#headers).map(([name, value]) => `${name}: ${value}\r\n`)
    if (lines.length === 0) return script
    const { payload } = script
    const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString('latin1')
    const extended = text.replaceAll(/^Host: .*\r\n/gm, (host) => host + lines.join(''))
    return { ...script, payload: typeof payload === 'string' ? extended : Buffer.from(extended, 'latin1') }
  }
}

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/** A server within this process has no HTTP client before it that undoes its compression. */
function decoded(bytes: Uint8Array, headers: Headers): Uint8Array {
  const decode = DECODERS[headers.get('content-encoding') ?? '']
  if (decode === undefined || bytes.length === 0) return bytes
  try {
    return new Uint8Array(decode(bytes))
  } catch {
    return bytes
  }
}

/** fetch hides what happened in the cause of its error. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}

function prepare(
  method: string,
  path: string,
  { headers = {}, body, query = {} }: RequestOptions,
): { readonly sent: SentRequest; readonly init: RequestInit } {
  const target = withQuery(path, query)
  // Otherwise fetch asks for compressed bodies by itself.
  const all = { 'Accept-Encoding': 'identity', ...headers }
  if (body === undefined) return { sent: { method, target, headers: all }, init: { method, headers: all } }
  if (body instanceof ReadableStream) {
    const init = { method, headers: all, body, duplex: 'half' } as RequestInit
    return { sent: { method, target, headers: all, body: 'streamed' }, init }
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return { sent: { method, target, headers: all, body: bytes }, init: { method, headers: all, body: bytes } }
}

function withQuery(path: string, query: NonNullable<RequestOptions['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}=${encodeURIComponent(one)}`),
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}
