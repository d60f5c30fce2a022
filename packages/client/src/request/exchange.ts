import type { Answer, RequestSpec, Requester } from './requester.js'
import type { Clock } from '../environment/clock.js'
import { DurableStreamError, streamError } from '../errors/durable-stream-error.js'
import { Watchdog } from '../environment/watchdog.js'
import { concatBytes } from './bytes.js'
import { networkError } from '../errors/fetch-error.js'

export interface ExchangeOptions {
  readonly clock: Clock
  /** Milliseconds without a byte after which the connection is taken for dead. */
  readonly idleMs: number
  /** The same for the first sign of life. */
  readonly firstSignMs?: number
  /** The largest body or event that is accepted. */
  readonly maxBytes: number
}

/** One request and its answer: reads only what is asked for, notices dead connections, and can be given up. */
export class Exchange {
  readonly #abort = new AbortController()
  readonly #watchdog: Watchdog
  readonly #options: ExchangeOptions
  readonly openedAt: number
  #answer: Answer | null = null
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  /** Why this side gave the connection up; null if it did not. */
  #gaveUp: string | null = null
  #hasSign = false

  private constructor(options: ExchangeOptions) {
    this.#options = options
    this.openedAt = options.clock.now()
    this.#watchdog = new Watchdog(options.clock, options.idleMs, (death) => this.giveUp(death))
  }

  /** The exchange is passed out before the answer is there, so that it can be given up meanwhile. */
  static create(options: ExchangeOptions): Exchange {
    return new Exchange(options)
  }

  get response(): Response {
    return this.#answer!.response
  }

  get url(): string {
    return this.#answer!.url
  }

  /** Why this side gave the connection up: `idle`, `slept`, `silent` or what `giveUp` was told. */
  get gaveUp(): string | null {
    return this.#gaveUp
  }

  /** Whether the body can be read as it comes: React Native's fetch has it whole only. */
  get canStream(): boolean {
    if (this.response.body === null) return true
    return typeof (this.response.body as unknown as { getReader?: unknown } | null)?.getReader === 'function'
  }

  async open(requester: Requester, spec: RequestSpec): Promise<void> {
    await this.#watched(async () => {
      this.#answer = await requester.send(spec, this.#abort.signal)
    })
  }

  /** The whole body. */
  async readAll(): Promise<Uint8Array> {
    try {
      if (this.response.body === null) return new Uint8Array(0)
      if (this.canStream) return await this.#readChunks()
      return await this.#watched(async () => new Uint8Array(await this.response.arrayBuffer()))
    } finally {
      this.#watchdog.stop()
    }
  }

  /** The answer with its body read, within the same bounds. */
  async detach(): Promise<Response> {
    const { status, statusText, headers } = this.response
    const body = await this.readAll()
    return new Response(body.length === 0 ? null : (body as BodyInit), { status, statusText, headers })
  }

  /** The next bytes; null at the end. Nothing is read before somebody asks. */
  async readChunk(): Promise<Uint8Array | null> {
    this.#reader ??= this.response.body!.getReader()
    const reader = this.#reader
    const result = await this.#watched(() => reader.read())
    this.#hasSign = true
    if (!result.done) return result.value
    this.#watchdog.stop()
    return null
  }

  /** Frees the connection; whoever waits for it gets an error, and `gaveUp` tells why. */
  giveUp(why: string): void {
    this.#gaveUp ??= why
    this.#watchdog.stop()
    this.#abort.abort()
    void this.#reader?.cancel().catch(() => undefined)
  }

  async #readChunks(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let length = 0
    for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) {
      length += chunk.length
      if (length > this.#options.maxBytes) throw tooLarge(this.url, this.#options.maxBytes)
      chunks.push(chunk)
    }
    return concatBytes(chunks)
  }

  async #watched<T>(wait: () => Promise<T>): Promise<T> {
    const { clock, firstSignMs } = this.#options
    const silent =
      firstSignMs !== undefined && !this.#hasSign
        ? clock.schedule(Math.max(firstSignMs - (clock.now() - this.openedAt), 0), () =>
            this.giveUp('silent'),
          )
        : null
    this.#watchdog.start()
    try {
      return await wait()
    } catch (error) {
      throw this.#explain(error)
    } finally {
      silent?.()
      this.#watchdog.pause()
    }
  }

  #explain(error: unknown): Error {
    const url = this.#answer?.url ?? ''
    if (this.#gaveUp !== null)
      return networkError(url, new Error(`connection given up: ${this.#gaveUp}`), 'TIMEOUT')
    if (error instanceof DurableStreamError) return error
    return networkError(url, error)
  }
}

export function tooLarge(url: string, maxBytes: number): DurableStreamError {
  return streamError('BUFFER_FULL', `more than ${maxBytes} bytes at once from ${url}`, { url })
}
