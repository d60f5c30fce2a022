import { fail, show } from './assertions.js'
import { Exchange, type SentRequest } from './exchange.js'
import { SseParser, type SseEvent } from './sse-parser.js'
import type { ControlFields } from './wire-names.js'

const DEFAULT_WAIT_MS = 4000

/** An open SSE response: its events so far, its raw bytes, and ways to wait for more. */
export class SseConnection {
  /** The response head; its body is in {@link raw}. */
  readonly head: Exchange
  readonly events: SseEvent[] = []
  #chunks: Uint8Array[] = []
  #ended = false
  #fault: Error | undefined
  #wake: () => void = () => undefined
  readonly #abort: AbortController
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined

  constructor(request: SentRequest, response: Response, abort: AbortController) {
    const { status, headers } = response
    this.head = new Exchange(request, { status, headers, bytes: new Uint8Array(), elapsedMs: 0 })
    this.#abort = abort
    this.#reader = response.body?.getReader()
    void this.#pump()
  }

  /** Every byte received so far. */
  get raw(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  /** True once nothing more can come, whether the server ended the response or cut it. */
  get isOver(): boolean {
    return this.#ended
  }

  get dataEvents(): SseEvent[] {
    return this.events.filter((event) => event.type === 'data')
  }

  get controls(): ControlFields[] {
    return this.events.filter((event) => event.type === 'control').map((event) => this.control(event))
  }

  /** The payloads of all data events, one after the other. */
  get text(): string {
    return this.dataEvents.map((event) => event.data).join('')
  }

  /** The payloads of all data events, decoded from base64, one after the other. */
  get decoded(): Uint8Array {
    return Buffer.concat(
      this.dataEvents.map((event) => {
        const base64 = event.data.replaceAll(/[\r\n]/g, '')
        if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
          this.fail(`expected standard base64, got ${show(event.data)}`)
        }
        return Buffer.from(base64, 'base64')
      }),
    )
  }

  /** The messages of all data events of a JSON stream, each event being a whole array. */
  get messages(): unknown[] {
    return this.dataEvents.flatMap((event) => {
      const batch = this.#parse(event.data)
      if (!Array.isArray(batch)) this.fail(`expected an array, got ${show(event.data)}`)
      return batch as unknown[]
    })
  }

  control(event: SseEvent): ControlFields {
    const value = this.#parse(event.data)
    if (typeof value !== 'object' || value === null) this.fail(`expected an object, got ${show(event.data)}`)
    return value
  }

  /** Waits until a control event satisfies the condition, and returns its fields. */
  async untilControl(
    matches: (fields: ControlFields) => boolean,
    waitMs: number = DEFAULT_WAIT_MS,
  ): Promise<ControlFields> {
    await this.until(() => this.controls.some(matches), 'an expected control event', waitMs)
    return this.controls.find(matches) ?? this.fail('no control event matches')
  }

  untilUpToDate(waitMs?: number): Promise<ControlFields> {
    return this.untilControl((fields) => fields.upToDate === true || fields.streamClosed === true, waitMs)
  }

  /** Waits until the server ends the response. */
  async untilEnd(waitMs: number = DEFAULT_WAIT_MS): Promise<void> {
    await this.until(() => this.#ended && this.#fault === undefined, 'the end of the response', waitMs)
  }

  async until(condition: () => boolean, what: string, waitMs: number = DEFAULT_WAIT_MS): Promise<void> {
    const deadline = Date.now() + waitMs
    while (!condition()) {
      if (this.#fault !== undefined)
        this.fail(`the response broke while waiting for ${what}: ${this.#fault.message}`)
      if (this.#ended) this.fail(`the response ended while waiting for ${what}`)
      if (Date.now() >= deadline) this.fail(`waited ${waitMs} ms for ${what}`)
      await this.#nextChange(deadline - Date.now())
    }
  }

  /** Hangs up. */
  close(): void {
    this.#abort.abort()
    // A server within this process sees only this, and a broken response refuses it.
    this.#reader?.cancel().catch(() => undefined)
  }

  fail(message: string): never {
    const shown = show(new TextDecoder().decode(this.raw))
    return fail(message, `${this.head.describe()}\n            events ${shown}`)
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      return this.fail(`expected JSON, got ${show(text)}`)
    }
  }

  async #nextChange(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, waitMs))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #pump(): Promise<void> {
    const parser = new SseParser()
    try {
      for (;;) {
        const chunk = await this.#reader?.read()
        if (chunk?.value === undefined) break
        this.#chunks.push(chunk.value)
        this.events.push(...parser.push(chunk.value))
        this.#wake()
      }
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error('the response broke')
    }
    this.#ended = true
    this.#wake()
  }
}
