import type { CaseContext } from './case-context.js'
import type { Exchange } from './exchange.js'
import type { ReceivedWake, WakeBody } from './webhook-receiver.js'
import { TestStream } from './test-stream.js'
import { JSON_TYPE } from './wire-names.js'

/** What `/claim` answers. */
export interface ClaimBody extends Pick<WakeBody, 'wake_id' | 'generation' | 'streams'> {
  readonly token: string
  readonly lease_ttl_ms: number
}

/** A subscription as it is shown. */
export interface SubscriptionBody {
  readonly status: string
  readonly streams: readonly {
    readonly path: string
    readonly link_type: string
    readonly acked_offset: string
  }[]
  readonly [field: string]: unknown
}

/** What a worker reports with: a wake and its bearer token. */
export interface Bearer {
  readonly wake_id: string
  readonly generation: number
  readonly token: string
}

/** A subscription over streams of its own, with the requests of the protocol as methods. */
export class TestSubscription {
  readonly ctx: CaseContext
  /** Its id, which nothing else has. */
  readonly id: string
  /** The root-relative directory of its streams. */
  readonly directory: string

  constructor(ctx: CaseContext) {
    this.ctx = ctx
    const path = ctx.newPath('subscription').slice(ctx.basePath.length + 1)
    this.directory = path
    this.id = path.replaceAll('/', '-')
  }

  get path(): string {
    return `${this.ctx.basePath}/__ds/subscriptions/${this.id}`
  }

  /** A root-relative stream path in the directory. */
  in(name: string): string {
    return `${this.directory}/${name}`
  }

  stream(name: string): TestStream {
    return new TestStream(this.ctx, `${this.ctx.basePath}/${this.in(name)}`, JSON_TYPE)
  }

  /** A stream in the directory with one message; returns its tail. */
  async write(name: string): Promise<string> {
    const stream = this.stream(name)
    const created = await stream.put({ body: '{"n":1}' })
    if (created.status !== 201) return stream.append('{"n":2}')
    return created.nextOffset
  }

  put(config: object): Promise<Exchange> {
    return this.#send('PUT', '', config)
  }

  /** A webhook subscription over `*` in the directory, which must be created. */
  async hook(url: string, config: object = {}): Promise<Exchange> {
    const created = await this.put({ type: 'webhook', pattern: this.in('*'), webhook: { url }, ...config })
    return created.expectStatus(201)
  }

  /** A pull-wake subscription over `jobs/*` in the directory, and its wake stream, which must be created. */
  async pool(config: object = {}): Promise<Exchange> {
    ;(await this.stream('wake').put({ body: '[]' })).expectStatus(201)
    const created = await this.put({
      type: 'pull-wake',
      pattern: this.in('jobs/*'),
      wake_stream: this.in('wake'),
      ...config,
    })
    return created.expectStatus(201)
  }

  get(): Promise<Exchange> {
    return this.ctx.request('GET', this.path)
  }

  async show(): Promise<SubscriptionBody> {
    return (await this.get()).expectStatus(200).json as SubscriptionBody
  }

  /** Where a stream's cursor is; undefined when it is not linked. */
  async cursor(name: string): Promise<string | undefined> {
    const { streams } = await this.show()
    return streams.find(({ path }) => path === this.in(name))?.acked_offset
  }

  /** Waits until streams are linked: another node may take a while to notice their first appends. */
  async linked(...names: readonly string[]): Promise<void> {
    await this.ctx.eventually(async () => {
      const { streams } = await this.show()
      const missing = names.filter((name) => streams.every(({ path }) => path !== this.in(name)))
      if (missing.length > 0) throw new Error(`${missing.join(' and ')} are not linked`)
    }, 5_000)
  }

  delete(): Promise<Exchange> {
    return this.ctx.request('DELETE', this.path)
  }

  addStreams(names: readonly string[]): Promise<Exchange> {
    return this.#send('POST', '/streams', { streams: names.map((name) => this.in(name)) })
  }

  removeStream(name: string): Promise<Exchange> {
    return this.ctx.request('DELETE', `${this.path}/streams/${encodeURIComponent(this.in(name))}`)
  }

  claim(worker: string): Promise<Exchange> {
    return this.#send('POST', '/claim', { worker })
  }

  /** A claim that must succeed, once the append before it has arrived where it is claimed. */
  async claimed(worker: string): Promise<ClaimBody> {
    return this.ctx.eventually(
      async () => (await this.claim(worker)).expectStatus(200).json as ClaimBody,
      5_000,
    )
  }

  /** Reports to `callback`, `ack` or `release`. */
  report(resource: string, { wake_id, generation, token }: Bearer, more: object = {}): Promise<Exchange> {
    return this.#send(
      'POST',
      `/${resource}`,
      { wake_id, generation, ...more },
      { Authorization: `Bearer ${token}` },
    )
  }

  /** An ack in the form of the body. */
  ackOf(name: string, offset: string): { readonly stream: string; readonly offset: string } {
    return { stream: this.in(name), offset }
  }

  /** The events in the wake stream. */
  async wakes(): Promise<readonly Record<string, unknown>[]> {
    return (await this.stream('wake').readAll()).messages as Record<string, unknown>[]
  }

  /** Waits for so many wake events. */
  async wakesReach(count: number): Promise<readonly Record<string, unknown>[]> {
    return this.ctx.eventually(async () => {
      const wakes = await this.wakes()
      if (wakes.length < count) throw new Error(`expected ${count} wake events, got ${wakes.length}`)
      return wakes
    }, 8_000)
  }

  #send(
    method: string,
    resource: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Exchange> {
    const all = { 'Content-Type': JSON_TYPE, ...headers }
    return this.ctx.request(method, `${this.path}${resource}`, { headers: all, body: JSON.stringify(body) })
  }
}

/** A wake that a webhook got, as what is reported with. */
export function bearerOf({ body }: ReceivedWake): Bearer {
  return { wake_id: body.wake_id, generation: body.generation, token: body.callback_token }
}

/** Fails unless the answer is an error with this status and code. */
export function expectError(answer: Exchange, status: number, code: string): void {
  answer.expectStatus(status)
  const { error } = answer.json as { error?: { code?: unknown } }
  if (error?.code !== code) answer.fail(`expected the error code ${code}, got ${JSON.stringify(error?.code)}`)
}
