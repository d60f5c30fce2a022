import type { CaseContext, RequestBody, RequestOptions } from './case-context.js'
import { fail } from './assertions.js'
import type { Exchange } from './exchange.js'
import type { SseConnection } from './sse-connection.js'
import { H } from './wire-names.js'

const MOST_PAGES = 10_000

export type Query = NonNullable<RequestOptions['query']>

/** Who appends: the three headers of an idempotent producer. */
export interface ProducerTuple {
  readonly id: string
  readonly epoch: number | string
  readonly seq: number | string
}

export interface ForkOptions extends RequestOptions {
  readonly offset?: string
  readonly subOffset?: number | string
}

/** The whole content behind an offset, however many pages it took. */
export interface WholeRead {
  readonly bytes: Uint8Array
  readonly text: string
  /** The messages of a JSON stream, page after page. */
  readonly messages: unknown[]
  readonly pages: readonly Exchange[]
  readonly last: Exchange
}

export function producerHeaders({ id, epoch, seq }: ProducerTuple): Record<string, string> {
  return { [H.producerId]: id, [H.producerEpoch]: String(epoch), [H.producerSeq]: String(seq) }
}

/** A stream's URL with the requests of the protocol as methods. Only the verbs named as facts assert a status. */
export class TestStream {
  readonly ctx: CaseContext
  readonly path: string
  readonly type: string

  constructor(ctx: CaseContext, path: string, type: string) {
    this.ctx = ctx
    this.path = path
    this.type = type
  }

  get url(): string {
    return this.ctx.url(this.path)
  }

  put(options: RequestOptions = {}): Promise<Exchange> {
    return this.ctx.request('PUT', this.path, this.#typed(options))
  }

  /** A PUT without a content type. */
  putUntyped(options: RequestOptions = {}): Promise<Exchange> {
    return this.ctx.request('PUT', this.path, options)
  }

  post(body: RequestBody, options: RequestOptions = {}): Promise<Exchange> {
    return this.ctx.request('POST', this.path, this.#typed({ ...options, body }))
  }

  /** A POST whose headers and body are only those given. */
  postBare(options: RequestOptions): Promise<Exchange> {
    return this.ctx.request('POST', this.path, options)
  }

  produce(
    tuple: ProducerTuple,
    body: RequestBody,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Exchange> {
    return this.post(body, { headers: { ...producerHeaders(tuple), ...headers } })
  }

  /** A close-only POST from a producer. */
  produceClose(tuple: ProducerTuple): Promise<Exchange> {
    return this.postBare({ headers: { ...producerHeaders(tuple), [H.closed]: 'true' } })
  }

  get(query: Query = {}, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    return this.ctx.request('GET', this.path, { query, headers })
  }

  longPoll(offset: string, query: Query = {}): Promise<Exchange> {
    return this.get({ offset, live: 'long-poll', ...query })
  }

  sse(
    offset: string,
    query: Query = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<SseConnection> {
    return this.ctx.open(this.path, { query: { offset, live: 'sse', ...query }, headers })
  }

  head(): Promise<Exchange> {
    return this.ctx.request('HEAD', this.path)
  }

  delete(): Promise<Exchange> {
    return this.ctx.request('DELETE', this.path)
  }

  /** A PUT of `target` that forks this stream, with no content type unless one is given. */
  forkInto(target: TestStream, { offset, subOffset, headers, body }: ForkOptions = {}): Promise<Exchange> {
    const fork = {
      [H.forkedFrom]: this.path,
      ...(offset === undefined ? {} : { [H.forkOffset]: offset }),
      ...(subOffset === undefined ? {} : { [H.forkSubOffset]: String(subOffset) }),
      ...headers,
    }
    return target.putUntyped({ headers: fork, ...(body === undefined ? {} : { body }) })
  }

  /** Appends, which must succeed, and returns the new tail. */
  async append(body: RequestBody, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const appended = await this.post(body, { headers })
    return appended.expectStatus(204).nextOffset
  }

  /** Closes without a body, which must succeed. */
  async close(): Promise<Exchange> {
    const closed = await this.postBare({ headers: { [H.closed]: 'true' } })
    return closed.expectStatus(204).expectHeader(H.closed, 'true')
  }

  /** Appends a last body and closes in one request, which must succeed. */
  async appendAndClose(body: RequestBody): Promise<Exchange> {
    const closed = await this.post(body, { headers: { [H.closed]: 'true' } })
    return closed.expectStatus(204).expectHeader(H.closed, 'true')
  }

  /** Forks this stream, which must succeed. */
  async fork(options: ForkOptions = {}): Promise<TestStream> {
    const target = this.ctx.stream(this.type, 'fork')
    const forked = await this.forkInto(target, options)
    forked.expectStatus(201)
    return target
  }

  async tail(): Promise<string> {
    const head = await this.head()
    return head.expectStatus(200).nextOffset
  }

  /** Reads page after page until the server says that the reader is up to date. */
  async readAll(offset = '-1'): Promise<WholeRead> {
    const pages: Exchange[] = []
    for (let from = offset; pages.length < MOST_PAGES;) {
      const page = await this.get({ offset: from })
      page.expectStatus(200)
      pages.push(page)
      if (page.header(H.upToDate) === 'true') return this.#joined(pages, page)
      if (page.nextOffset === from) page.fail('a page that is not up to date does not advance')
      from = page.nextOffset
    }
    return fail(`${this.path} is not read after ${MOST_PAGES} pages`)
  }

  #joined(pages: readonly Exchange[], last: Exchange): WholeRead {
    const bytes = Buffer.concat(pages.map((page) => page.bytes))
    const isJson = this.type.toLowerCase().startsWith('application/json')
    const messages = isJson ? pages.flatMap((page) => page.json as unknown[]) : []
    return { bytes, text: bytes.toString('utf8'), messages, pages, last }
  }

  #typed(options: RequestOptions): RequestOptions {
    return { ...options, headers: { [H.contentType]: this.type, ...options.headers } }
  }
}
