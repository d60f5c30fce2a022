import type { AppendOptions, CloseOptions, CloseResult } from './append-options.js'
import { PRODUCER_ID_HEADER, STREAM_CLOSED_HEADER, STREAM_OFFSET_HEADER } from '../constants.js'
import { encodeMessage, joinMessages } from './message-encoding.js'
import { AppendQueue } from './append-queue.js'
import type { HandleCore } from './handle-core.js'
import type { OneShotContext } from '../request/one-shot.js'
import type { AppendChain, QueuedAppend } from './append-queue.js'
import { appendHeaders } from './append-options.js'
import { readHeadResult } from './head-result.js'
import { streamError } from '../errors/durable-stream-error.js'

/** What a server takes a stream to be whose type nobody has set. @see PROTOCOL §5.1 */
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** Appends and closes: everything of a handle that goes out by POST. */
export class StreamWriter {
  readonly #core: HandleCore
  readonly #context: OneShotContext
  readonly #queue: AppendQueue
  /** Appends that are not settled yet. */
  readonly #calls = new Set<Promise<void>>()
  #learning: Promise<string> | null = null

  constructor(core: HandleCore, context: OneShotContext) {
    this.#core = core
    this.#context = context
    this.#queue = new AppendQueue((batch) => this.#send(batch))
  }

  /** Appends one value, in the order of the calls. Only a value that has to be waited for loses its place. */
  append(value: unknown, options: AppendOptions, chain?: AppendChain): Promise<void> {
    const call = this.#append(value, options, chain).finally(() => this.#calls.delete(call))
    this.#calls.add(call)
    return call
  }

  async #append(value: unknown, options: AppendOptions, chain?: AppendChain): Promise<void> {
    const headers = appendHeaders(options)
    const body = isPromise(value) || isBlob(value) ? await readLater(value) : value
    const known = options.contentType ?? this.#core.contentType
    // While others wait for the type, nobody overtakes them.
    const contentType = known !== undefined && this.#learning === null ? known : await this.#awaitType(known)
    const append: QueuedAppend = {
      bytes: encodeMessage(body, contentType),
      contentType,
      headers,
      signal: options.signal,
      ...(chain === undefined ? {} : { chain }),
    }
    if (this.#core.options.batching === false) await this.#send([append])
    else await this.#queue.add(append)
  }

  /** Closes the stream. Appends that were called before go first. @see PROTOCOL §5.3 */
  async close(options: CloseOptions): Promise<CloseResult> {
    await Promise.allSettled([...this.#calls])
    const headers: Record<string, string> = { [STREAM_CLOSED_HEADER]: 'true' }
    let body: BodyInit | undefined
    if (options.body !== undefined) {
      const contentType = options.contentType ?? (await this.contentType())
      headers['Content-Type'] = contentType
      body = joinMessages([encodeMessage(options.body, contentType)], contentType) as BodyInit
    }
    const { response, url } = await this.#core.request(
      this.#context,
      { method: 'POST', headers, body },
      { signal: options.signal, repeatable: body === undefined },
    )
    const finalOffset = response.headers.get(STREAM_OFFSET_HEADER)
    if (finalOffset === null)
      throw streamError('PROTOCOL_ERROR', `the answer lacks ${STREAM_OFFSET_HEADER}`, { url })
    return { finalOffset }
  }

  /** The stream's content type: the handle's, or the server's, which is asked once. */
  async contentType(): Promise<string> {
    if (this.#core.contentType !== undefined) return this.#core.contentType
    this.#learning ??= this.#learn().finally(() => (this.#learning = null))
    return this.#learning
  }

  async #awaitType(known: string | undefined): Promise<string> {
    const learned = await (this.#learning ?? this.contentType())
    return known ?? learned
  }

  async #learn(): Promise<string> {
    const { response } = await this.#core.request(this.#context, { method: 'HEAD' })
    const head = readHeadResult(response)
    this.#core.contentType = head.contentType ?? DEFAULT_CONTENT_TYPE
    return this.#core.contentType
  }

  async #send(batch: readonly QueuedAppend[]): Promise<void> {
    const { contentType, headers } = batch[0]!
    const signal = batch.length === 1 ? batch[0]!.signal : undefined
    const body = joinMessages(
      batch.map(({ bytes }) => bytes),
      contentType,
    )
    await this.#core.request(
      this.#context,
      { method: 'POST', headers: { 'Content-Type': contentType, ...headers }, body: body as BodyInit },
      { signal, repeatable: headers !== null && PRODUCER_ID_HEADER in headers },
    )
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function isBlob(value: unknown): value is Blob {
  return typeof Blob !== 'undefined' && value instanceof Blob
}

async function readLater(value: unknown): Promise<unknown> {
  const settled = await value
  return isBlob(settled) ? new Uint8Array(await settled.arrayBuffer()) : settled
}
