import type { LiveMode, Offset } from './read-plan.js'
import type { MaybePromise } from '../request/dynamic-values.js'
import type { ReadableStreamAsyncIterable } from './readable-stream.js'

/** Where a batch ends. */
export interface JsonBatchMeta {
  /** The offset after the batch: what to resume from once it is processed. */
  readonly offset: Offset
  /** True if the batch ends where the stream ended at the time. */
  readonly upToDate: boolean
  /** True if the stream is closed and this is the last of it. */
  readonly streamClosed: boolean
  /** The last cursor, if the server gave one. */
  readonly cursor?: string
}

/** Messages that came together. */
export interface JsonBatch<T = unknown> extends JsonBatchMeta {
  readonly items: readonly T[]
}

/** Bytes that came together. */
export interface ByteChunk extends JsonBatchMeta {
  readonly data: Uint8Array
}

/** Text that came together; it never ends within a character. */
export interface TextChunk extends JsonBatchMeta {
  readonly text: string
}

/**
 * A read. It can be consumed once, by one of its methods; a second one throws `ALREADY_CONSUMED`. Nothing is asked of
 * the server before the consumer wants it. Failures that pass are survived; what ends the read rejects the consumer
 * and `closed` with a coded error. Cancelling ends streams and subscriptions in good order, and rejects `body`,
 * `json` and `text`, as what they have is not everything.
 */
export interface StreamResponse<TJson = unknown> extends AsyncIterable<TJson> {
  readonly url: string
  /** The stream's content type, from the first answer. */
  readonly contentType?: string | undefined
  readonly live: Exclude<LiveMode, 'auto'>
  /** Where the read began: the stored offset if there was one, the option `offset` otherwise. */
  readonly startOffset: Offset
  /** Headers of the last answer. */
  readonly headers: Headers
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  /** Always false: a response exists once the first answer is there. */
  readonly isLoading: boolean
  /** The offset after what was handed to the consumer. */
  readonly offset: Offset
  readonly cursor?: string | undefined
  /** Whether what was handed over reaches the end that the stream had at that time. */
  readonly upToDate: boolean
  /** Whether the stream is closed and was handed over to its end. */
  readonly streamClosed: boolean

  /** All bytes up to the present end; a live read stops there. Pages of JSON are arrays, one after the other. */
  body(): Promise<Uint8Array>
  /** All messages up to the present end; a live read stops there. JSON streams only. */
  json<T = TJson>(): Promise<T[]>
  /** All text up to the present end; a live read stops there. */
  text(): Promise<string>
  /** The bytes as they come. */
  bodyStream(): ReadableStreamAsyncIterable<Uint8Array>
  /** The messages one by one. JSON streams only. */
  jsonStream(): ReadableStreamAsyncIterable<TJson>
  /** The text as it comes; no chunk ends within a character. */
  textStream(): ReadableStreamAsyncIterable<string>
  /**
   * Calls back with each batch, and with an empty one when only the end is news (caught up, closed). The next batch
   * waits for the promise that the callback returns. An exception in it ends the read. Returns how to stop.
   */
  subscribeJson<T = TJson>(subscriber: (batch: JsonBatch<T>) => MaybePromise<unknown>): () => void
  /** As `subscribeJson`, with bytes. */
  subscribeBytes(subscriber: (chunk: ByteChunk) => MaybePromise<unknown>): () => void
  /** As `subscribeJson`, with text. */
  subscribeText(subscriber: (chunk: TextChunk) => MaybePromise<unknown>): () => void
  /** The messages one by one, as `jsonStream()`. */
  [Symbol.asyncIterator](): AsyncIterator<TJson>
  /** Ends the read and frees its connection. */
  cancel(reason?: unknown): void
  /** Resolves when the read has ended or was cancelled; rejects with what ended it. May be ignored. */
  readonly closed: Promise<void>
}
