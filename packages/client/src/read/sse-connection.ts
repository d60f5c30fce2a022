import type { SseBatch } from './sse-batches.js'
import { SSE_COMPATIBLE_CONTENT_TYPES, STREAM_SSE_DATA_ENCODING_HEADER } from '../constants.js'
import type { Exchange } from '../request/exchange.js'
import { SseBatcher } from './sse-batches.js'
import type { SseEvent } from './sse-parser.js'
import { SseParser } from './sse-parser.js'
import { tooLarge } from '../request/exchange.js'

/** One SSE response, read batch by batch, no further than somebody asks. */
export class SseConnection {
  readonly exchange: Exchange
  readonly #maxBytes: number
  readonly #parser: SseParser = new SseParser()
  readonly #batcher: SseBatcher
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #events: SseEvent[] = []
  #at = 0

  constructor(exchange: Exchange, maxBytes: number, contentType: string | undefined) {
    this.exchange = exchange
    this.#maxBytes = maxBytes
    const encoding = exchange.response.headers.get(STREAM_SSE_DATA_ENCODING_HEADER)
    // CORS may hide the header; the content type says the same. @see PROTOCOL §5.8
    this.#batcher = new SseBatcher(encoding?.toLowerCase() === 'base64' || !isTextType(contentType))
  }

  /** The next batch; null when the connection has ended. An unfinished batch is dropped: it will be sent again. */
  async next(): Promise<SseBatch | null> {
    for (;;) {
      while (this.#at < this.#events.length) {
        const batch = this.#batcher.add(this.#events[this.#at++]!)
        if (batch !== null) return batch
      }
      const chunk = await this.exchange.readChunk()
      if (chunk === null) return null
      this.#events = this.#parser.push(this.#decoder.decode(chunk, { stream: true }))
      this.#at = 0
      if (this.#parser.pendingLength + this.#batcher.pendingLength > this.#maxBytes) {
        throw tooLarge(this.exchange.url, this.#maxBytes)
      }
    }
  }
}

function isTextType(contentType: string | undefined): boolean {
  const type = contentType?.trim().toLowerCase() ?? 'text/'
  return SSE_COMPATIBLE_CONTENT_TYPES.some((prefix) => type.startsWith(prefix))
}
