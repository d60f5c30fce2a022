import type { ByteChunk, StreamResponse } from '@ds/client'
import type { Content } from './content.js'
import { LastPart } from './last-part.js'
import type { ReadOutput } from './read-output.js'
import type { Place } from './saved-place.js'

export interface ReadRunOptions {
  readonly output: ReadOutput
  readonly parse: (data: Uint8Array) => Content
  /** Whether each batch is printed as a JSON record with its offset. */
  readonly asRecords: boolean
  /** Where the read begins. */
  readonly start: Place
  /** Messages or bytes after which the read ends; Infinity for none. */
  readonly limit: number
  /** Only so many messages or lines of what is there; null for all. */
  readonly last: number | null
  /** Called when everything before a place was written. */
  readonly onPlace: (place: Place) => Promise<void>
  /** Told how many bytes were received in all. */
  readonly onBytes: (bytes: number) => void
}

/** Writes what a stream holds, batch by batch, and tells after each how far it has come. */
export class ReadRun {
  readonly #options: ReadRunOptions
  #place: Place
  #left: number
  #last: LastPart | null
  #bytes = 0
  #hasTold = false

  constructor(options: ReadRunOptions) {
    this.#options = options
    this.#place = options.start
    this.#left = options.limit
    this.#last = options.last === null ? null : new LastPart(options.last)
  }

  /** How far the read has come. */
  get place(): Place {
    return this.#place
  }

  /** Reads to the end, or to the limit. What a signal interrupts is written to its end first. */
  async consume(response: StreamResponse): Promise<void> {
    let current: Promise<void> = Promise.resolve()
    response.subscribeBytes((chunk) => (current = this.#take(chunk, response)))
    try {
      await response.closed
    } finally {
      await current.catch(() => undefined)
    }
  }

  async #take(chunk: ByteChunk, response: StreamResponse): Promise<void> {
    this.#bytes += chunk.data.length
    this.#options.onBytes(this.#bytes)
    const whole = this.#options.parse(chunk.data)
    if (this.#last === null) await this.#pass(whole, chunk)
    else {
      this.#last.push(whole)
      if (!chunk.upToDate && !chunk.streamClosed) return
      const kept = this.#last.take()
      this.#last = null
      await this.#pass(kept, chunk)
    }
    if (this.#left === 0) response.cancel()
  }

  async #pass(whole: Content, chunk: ByteChunk): Promise<void> {
    const from = Math.min(this.#place.skip, whole.count)
    const to = Math.min(whole.count, from + this.#left)
    const content = whole.part(from, to)
    this.#left -= content.count
    const isWhole = to === whole.count
    const place = isWhole
      ? { offset: chunk.offset, skip: this.#place.skip - from }
      : { offset: this.#place.offset, skip: to }
    await this.#write(content, place, chunk)
    this.#place = place
    await this.#options.onPlace(place)
  }

  async #write(content: Content, { offset, skip }: Place, chunk: ByteChunk): Promise<void> {
    const { asRecords, output } = this.#options
    if (!asRecords) return output.write(content.toBytes())
    // That the end is reached is worth a record of its own only once, or when the stream is closed.
    if (content.count === 0 && this.#hasTold && !chunk.streamClosed) return
    this.#hasTold = true
    const { upToDate, streamClosed } = chunk
    const rest = skip === 0 ? '' : `"skip":${skip},`
    const head = `"offset":${JSON.stringify(offset)},${rest}"upToDate":${upToDate},"closed":${streamClosed}`
    await output.write(`{${head},${content.toField()}}\n`)
  }
}
