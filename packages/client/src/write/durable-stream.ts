import type { AppendOptions, CloseOptions, CloseResult } from './append-options.js'
import type { CreateOptions, StreamConfiguration } from './create-request.js'
import type { AppendValue } from './message-encoding.js'
import { HandleCore } from './handle-core.js'
import type { HeadResult } from './head-result.js'
import type { MaybePromise } from '../request/dynamic-values.js'
import type { OneShotContext } from '../request/one-shot.js'
import type { StreamHandleOptions } from './handle-core.js'
import type { StreamOptions } from '../read/session-options.js'
import type { StreamResponse } from '../read/stream-response.js'
import { StreamWriter } from './stream-writer.js'
import type { WritableOptions } from './writable.js'
import { appendPieces } from './append-pieces.js'
import { createRequest } from './create-request.js'
import { createWritable } from './writable.js'
import { linkAbort } from '../environment/abort-link.js'
import { mergeHeaders } from '../request/dynamic-values.js'
import { readHeadResult } from './head-result.js'
import { registerCore } from './handle-registry.js'
import { stream } from '../read/stream.js'
import { warnIfUsingHttpInBrowser } from '../environment/http-warning.js'

/** Options of a handle. */
export type DurableStreamOptions = StreamHandleOptions

/**
 * A handle of a stream: its URL and what requests to it carry. It holds no connection. Appends that wait at the same
 * time share requests; reads are made by `stream()`.
 */
export class DurableStream {
  readonly url: string
  readonly #core: HandleCore
  readonly #context: OneShotContext
  readonly #writer: StreamWriter

  /** No request is made. Throws `MISSING_URL`. */
  constructor(options: DurableStreamOptions) {
    this.#core = new HandleCore(options)
    this.url = this.#core.url
    this.#context = this.#core.createContext()
    this.#writer = new StreamWriter(this.#core, this.#context)
    registerCore(this, this.#core, this.#writer)
    warnIfUsingHttpInBrowser(this.url, options.warnOnHttp)
  }

  /** The stream's content type, once it is known from options or an answer. */
  get contentType(): string | undefined {
    return this.#core.contentType
  }

  /**
   * Creates a stream, or confirms one of the same configuration. Rejects with `CONFLICT_EXISTS` if there is one of
   * another. @see PROTOCOL §5.1
   */
  static async create(options: CreateOptions): Promise<DurableStream> {
    return new DurableStream(options).create(options)
  }

  /** A handle of a stream that exists: rejects with `NOT_FOUND` or `GONE` otherwise. */
  static async connect(options: DurableStreamOptions): Promise<DurableStream> {
    const handle = new DurableStream(options)
    await handle.#core.request(handle.#context, { method: 'HEAD' }).then(({ response }) => {
      handle.#core.contentType = response.headers.get('content-type') ?? handle.#core.contentType
    })
    return handle
  }

  /** Tells whether a stream exists, and what it is like. */
  static async head(options: DurableStreamOptions): Promise<HeadResult> {
    return new DurableStream(options).head()
  }

  /** Deletes a stream. */
  static async delete(options: DurableStreamOptions): Promise<void> {
    return new DurableStream(options).delete()
  }

  /** Creates this stream; the handle's content type is the default. @see PROTOCOL §5.1 */
  async create(options: StreamConfiguration & { signal?: AbortSignal } = {}): Promise<this> {
    const contentType = options.contentType ?? this.#core.options.contentType
    const configuration = contentType === undefined ? options : { ...options, contentType }
    const { response } = await this.#core.request(this.#context, createRequest(configuration), {
      signal: options.signal,
    })
    this.#core.contentType = response.headers.get('content-type') ?? contentType
    return this
  }

  /** Tells whether the stream exists, and what it is like. @see PROTOCOL §5.5 */
  async head(options: { signal?: AbortSignal } = {}): Promise<HeadResult> {
    const { response } = await this.#core.request(
      this.#context,
      { method: 'HEAD' },
      { signal: options.signal, accept: ({ response: { status } }) => status === 404 || status === 410 },
    )
    const head = readHeadResult(response)
    if (head.contentType !== undefined) this.#core.contentType = head.contentType
    return head
  }

  /** Deletes the stream. Rejects with `NOT_FOUND` if there is none. @see PROTOCOL §5.4 */
  async delete(options: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#core.request(
      this.#context,
      { method: 'DELETE' },
      // Gone after a first attempt without an answer: that attempt has done it.
      {
        signal: options.signal,
        accept: ({ response: { status } }, isRetry) => isRetry && (status === 404 || status === 410),
      },
    )
  }

  /**
   * Closes the stream for good, after the appends that were called before. Without a body it may be repeated; with
   * one it rejects with `StreamClosedError` if the stream is closed already. @see PROTOCOL §5.3
   */
  async close(options: CloseOptions = {}): Promise<CloseResult> {
    return this.#writer.close(options)
  }

  /**
   * Appends a message (JSON streams) or bytes. Resolves when the server has it. Calls that wait at the same time share
   * a request, in order. A failure without an answer rejects with `NETWORK`, and is not tried again, as the append may
   * have happened: `IdempotentProducer` retries without repeating. @see PROTOCOL §5.2
   */
  async append(value: MaybePromise<AppendValue>, options: AppendOptions = {}): Promise<void> {
    return this.#writer.append(value, options)
  }

  /**
   * Appends what a source yields, as it comes, one request after the other: each carries what has come since the one
   * before. The source waits while too much is under way. On JSON streams each piece is one message.
   */
  async appendStream(
    source: ReadableStream<AppendValue> | AsyncIterable<AppendValue>,
    options: Pick<AppendOptions, 'contentType' | 'signal'> = {},
  ): Promise<void> {
    return appendPieces(this.#writer, source, options)
  }

  /**
   * A stream to pipe into. Its writes are made by an idempotent producer: retries repeat nothing. Closing it closes
   * the durable stream; `pipeTo` does that unless it is told `preventClose`.
   */
  writable(options: WritableOptions = {}): WritableStream<AppendValue> {
    return createWritable(this, options)
  }

  /** Reads the stream; see the function `stream`. Options are added to those of the handle and win over them. */
  async stream<TJson = unknown>(options: Omit<StreamOptions, 'url'> = {}): Promise<StreamResponse<TJson>> {
    const { headers, params, signal, fetch, onError, backoffOptions, warnOnHttp, clock } = this.#core.options
    const shared = { fetch, onError, backoffOptions, warnOnHttp, clock }
    const link =
      signal === undefined || options.signal === undefined ? null : linkAbort(signal, options.signal)
    const either = link?.signal ?? options.signal ?? signal
    const response = await stream<TJson>({
      ...definedOf(shared),
      ...options,
      url: this.url,
      headers: mergeHeaders(headers ?? {}, options.headers ?? {}),
      params: { ...params, ...options.params },
      ...(either === undefined ? {} : { signal: either }),
    })
    if (link !== null) void response.closed.catch(() => undefined).finally(() => link.unlink())
    if (response.contentType !== undefined) this.#core.contentType = response.contentType
    return response
  }
}

function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
