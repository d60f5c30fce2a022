import { AbortedError, streamError } from '../errors/durable-stream-error.js'
import type { ByteChunk, JsonBatch, JsonBatchMeta, StreamResponse, TextChunk } from './stream-response.js'
import type { LiveMode, Offset, ReadPosition } from './read-plan.js'
import { payloadBytes } from './payload.js'
import { concatBytes } from '../request/bytes.js'
import type { MaybePromise } from '../request/dynamic-values.js'
import type { Payload } from './payload.js'
import type { ReadBatch, ReadSession } from './read-session.js'
import type { ReadableStreamAsyncIterable } from './readable-stream.js'
import type { StoredValue } from './offset-storage.js'
import { TextChunks } from './text-chunks.js'
import { isJsonType } from './read-plan.js'
import { parseItems } from './json-items.js'
import { pullStream } from './readable-stream.js'

export interface SessionResponseOptions {
  readonly url: string
  readonly live: Exclude<LiveMode, 'auto'>
  readonly json: boolean
  readonly startOffset: Offset
  readonly stored: StoredValue | null
}

/** Gives the batches of a session to a consumer, one when the one before is done with. */
export class SessionResponse<TJson> implements StreamResponse<TJson> {
  readonly url: string
  readonly contentType?: string | undefined
  readonly live: Exclude<LiveMode, 'auto'>
  readonly startOffset: Offset
  readonly isLoading = false
  readonly closed: Promise<void>
  readonly #session: ReadSession
  readonly #json: boolean
  readonly #stored: StoredValue | null
  #position: ReadPosition
  /** The offset that the consumer is done with, until it is stored. */
  #unsaved: Offset | null = null
  #consumedBy: string | null = null
  #settle!: { resolve: () => void; reject: (error: unknown) => void }

  constructor(session: ReadSession, options: SessionResponseOptions) {
    this.#session = session
    this.url = options.url
    this.live = options.live
    this.startOffset = options.startOffset
    if (session.contentType !== undefined) this.contentType = session.contentType
    this.#json = options.json || isJsonType(session.contentType)
    this.#stored = options.stored
    this.#position = { offset: options.startOffset, cursor: null, upToDate: false, closed: false }
    this.closed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    // Who ignores it should not be punished by an unhandled rejection.
    this.closed.catch(() => undefined)
  }

  get headers(): Headers {
    return this.#session.lastResponse!.headers
  }
  get status(): number {
    return this.#session.lastResponse!.status
  }
  get statusText(): string {
    return this.#session.lastResponse!.statusText
  }
  get ok(): boolean {
    return this.#session.lastResponse!.ok
  }
  get offset(): Offset {
    return this.#position.offset
  }
  get cursor(): string | undefined {
    return this.#position.cursor ?? undefined
  }
  get upToDate(): boolean {
    return this.#position.upToDate
  }
  get streamClosed(): boolean {
    return this.#position.closed
  }

  async body(): Promise<Uint8Array> {
    this.#claim('body')
    const chunks: Uint8Array[] = []
    await this.#collect(payloadBytes, (bytes) => chunks.push(bytes))
    return concatBytes(chunks)
  }

  async json<T = TJson>(): Promise<T[]> {
    this.#claimJson('json')
    const items: T[] = []
    await this.#collect(parseItems, (batch) => {
      for (const item of batch) items.push(item as T)
    })
    return items
  }

  async text(): Promise<string> {
    this.#claim('text')
    const chunks = new TextChunks()
    let text = ''
    await this.#collect(identity, (payload) => (text += chunks.add(payload) ?? ''))
    return text + chunks.finish()
  }

  bodyStream(): ReadableStreamAsyncIterable<Uint8Array> {
    this.#claim('bodyStream')
    return this.#streamOf(payloadBytes, (bytes) => [bytes])
  }

  jsonStream(): ReadableStreamAsyncIterable<TJson> {
    this.#claimJson('jsonStream')
    return this.#streamOf(parseItems, (items) => items as TJson[])
  }

  textStream(): ReadableStreamAsyncIterable<string> {
    this.#claim('textStream')
    const chunks = new TextChunks()
    return this.#streamOf(
      identity,
      (payload) => {
        const text = chunks.add(payload)
        return text === null ? null : [text]
      },
      () => chunks.finish(),
    )
  }

  [Symbol.asyncIterator](): AsyncIterator<TJson> {
    return this.jsonStream()[Symbol.asyncIterator]()
  }

  subscribeJson<T = TJson>(subscriber: (batch: JsonBatch<T>) => MaybePromise<unknown>): () => void {
    this.#claimJson('subscribeJson')
    const shape = (value: unknown[] | null, meta: JsonBatchMeta): JsonBatch<T> => ({
      items: (value ?? []) as T[],
      ...meta,
    })
    return this.#subscribe(parseItems, shape, subscriber)
  }

  subscribeBytes(subscriber: (chunk: ByteChunk) => MaybePromise<unknown>): () => void {
    this.#claim('subscribeBytes')
    const shape = (value: Uint8Array | null, meta: JsonBatchMeta): ByteChunk => ({
      data: value ?? new Uint8Array(0),
      ...meta,
    })
    return this.#subscribe(payloadBytes, shape, subscriber)
  }

  subscribeText(subscriber: (chunk: TextChunk) => MaybePromise<unknown>): () => void {
    this.#claim('subscribeText')
    const chunks = new TextChunks()
    const shape = (value: Payload | null, meta: JsonBatchMeta): TextChunk | null => {
      const text = value === null ? '' : chunks.add(value)
      if (meta.streamClosed) return { text: (text ?? '') + chunks.finish(), ...meta }
      return text === null ? null : { text, ...meta }
    }
    return this.#subscribe(identity, shape, subscriber)
  }

  cancel(reason?: unknown): void {
    this.#session.cancel(reason)
    this.#settle.resolve()
  }

  #claim(method: string): void {
    if (this.#consumedBy !== null) {
      throw streamError(
        'ALREADY_CONSUMED',
        `${method}(): this response was consumed by ${this.#consumedBy}()`,
      )
    }
    this.#consumedBy = method
  }

  #claimJson(method: string): void {
    if (!this.#json) {
      const type = this.contentType ?? 'of no type'
      throw streamError('BAD_REQUEST', `${method}(): the stream is ${type}, not JSON; read text or bytes`)
    }
    this.#claim(method)
  }

  /** The next batch, after the offset of the one before was stored. */
  async #next<T>(decode: (payload: Payload) => T): Promise<ReadBatch<T> | null> {
    try {
      await this.#save()
      const batch = await this.#session.next(decode)
      if (batch === null) this.#settle.resolve()
      return batch
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#session.cancel(error)
    this.#settle.reject(error)
  }

  async #save(): Promise<void> {
    const offset = this.#unsaved
    this.#unsaved = null
    if (offset !== null) await this.#stored?.save(offset)
  }

  async #collect<T>(decode: (payload: Payload) => T, add: (value: T) => unknown): Promise<void> {
    for (let batch = await this.#next(decode); batch !== null; batch = await this.#next(decode)) {
      if (batch.value !== null) add(batch.value)
      this.#finished(batch.position)
      if (batch.position.upToDate) break
    }
    if (!this.#position.upToDate) throw new AbortedError()
    try {
      await this.#save()
    } catch (error) {
      this.#fail(error)
      throw error
    }
    this.cancel()
  }

  #streamOf<T, I>(
    decode: (payload: Payload) => T,
    /** The items of a batch; null if the batch is not complete yet. */
    split: (value: T) => readonly I[] | null,
    finish: () => I | '' = () => '',
  ): ReadableStreamAsyncIterable<I> {
    let items: readonly I[] = []
    let at = 0
    let pending: ReadPosition | null = null
    const take = async (): Promise<{ item: I } | null> => {
      while (at >= items.length) {
        const batch = await this.#next(decode)
        if (batch === null) {
          const last = finish()
          return last === '' ? null : { item: last }
        }
        const next = batch.value === null ? [] : split(batch.value)
        if (next === null) continue
        items = next
        at = 0
        pending = batch.position
        if (items.length === 0) this.#finished(batch.position)
      }
      const item = items[at++]!
      // With its last item the batch is handed over; it is done with when the next one is asked for.
      if (at === items.length && pending !== null) this.#finished(pending)
      return { item }
    }
    return pullStream(take, (reason) => this.cancel(reason))
  }

  /** A batch was handed over whole. Its offset is stored when the next one is asked for. */
  #finished(position: ReadPosition): void {
    this.#position = position
    this.#unsaved = position.offset
  }

  #subscribe<T, C>(
    decode: (payload: Payload) => T,
    /** What the subscriber gets; null if the batch is not complete without the next one. */
    shape: (value: T | null, meta: JsonBatchMeta) => C | null,
    subscriber: (chunk: C) => unknown,
  ): () => void {
    const run = async (): Promise<void> => {
      // The caller gets its unsubscribe function before the first call.
      await Promise.resolve()
      for (let batch = await this.#next(decode); batch !== null; batch = await this.#next(decode)) {
        const chunk = shape(batch.value, metaOf(batch.position))
        if (chunk === null) continue
        this.#position = batch.position
        await subscriber(chunk)
        this.#unsaved = batch.position.offset
      }
    }
    run().catch((error: unknown) => this.#fail(error))
    return () => this.cancel()
  }
}

function identity(payload: Payload): Payload {
  return payload
}

function metaOf(position: ReadPosition): JsonBatchMeta {
  return {
    offset: position.offset,
    upToDate: position.upToDate,
    streamClosed: position.closed,
    ...(position.cursor === null ? {} : { cursor: position.cursor }),
  }
}
