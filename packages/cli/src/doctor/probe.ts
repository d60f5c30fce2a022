/** One request of the doctor's. */
export interface ProbeRequest {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly query?: Readonly<Record<string, string>>
}

/** An answer, read to its end. */
export interface ProbeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly ms: number
}

/** Sends plain requests to the stream that the doctor works with. Nothing is retried: faults are what it looks for. */
export class Probe {
  readonly url: string
  /** How long a live read may take to deliver. */
  readonly patienceMs: number
  readonly #fetch: typeof globalThis.fetch
  readonly #headers: Readonly<Record<string, string>>
  readonly #signal: AbortSignal

  constructor(
    url: string,
    options: {
      fetch: typeof globalThis.fetch
      headers: Readonly<Record<string, string>>
      signal: AbortSignal
      patienceMs: number
    },
  ) {
    this.url = url
    this.patienceMs = options.patienceMs
    this.#fetch = options.fetch
    this.#headers = options.headers
    this.#signal = options.signal
  }

  async send(request: ProbeRequest = {}): Promise<ProbeAnswer> {
    const startedAt = performance.now()
    const response = await this.open(request)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, ms: performance.now() - startedAt }
  }

  /** The same, with the body still to be read. */
  open(
    { method = 'GET', headers = {}, body, query = {} }: ProbeRequest,
    signal: AbortSignal = this.#signal,
  ): Promise<Response> {
    const url = new URL(this.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return this.#fetch(url, {
      method,
      headers: { ...this.#headers, ...headers },
      signal: AbortSignal.any([signal, this.#signal]),
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    })
  }

  /** Appends text; the answer is not judged. */
  append(body: string, headers: Readonly<Record<string, string>> = {}): Promise<ProbeAnswer> {
    return this.send({ method: 'POST', headers: { 'content-type': 'text/plain', ...headers }, body })
  }

  /** The present end of the stream. */
  async tail(): Promise<string> {
    const { headers } = await this.send({ method: 'HEAD' })
    return headers.get('stream-next-offset') ?? ''
  }
}
