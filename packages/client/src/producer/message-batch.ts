import type { FailedBatch } from '../errors/durable-stream-error.js'
import type { IdempotentAppendResult } from './producer-options.js'
import type { PipelineBatch } from './pipeline.js'

/** What a message costs in memory beside its bytes. */
export const MESSAGE_OVERHEAD = 64

/** Messages that go out in one request and share one promise. */
export class MessageBatch implements PipelineBatch {
  epoch = 0
  seq = 0
  phase: PipelineBatch['phase'] = 'waiting'
  ambiguous = false
  wasNext = false
  readonly messages: Uint8Array[] = []
  readonly contentType: string
  /** Whether the stream is closed with this batch. */
  readonly closes: boolean
  readonly settled: Promise<IdempotentAppendResult>
  bytes = 0
  #resolve!: (result: IdempotentAppendResult) => void
  #reject!: (error: Error) => void

  constructor(contentType: string, closes = false) {
    this.contentType = contentType
    this.closes = closes
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Appends may be ignored.
    this.settled.catch(() => undefined)
  }

  add(message: Uint8Array): void {
    this.messages.push(message)
    this.bytes += message.length
  }

  /** What it holds in memory. */
  get weight(): number {
    return this.bytes + this.messages.length * MESSAGE_OVERHEAD
  }

  resolve(result: IdempotentAppendResult): void {
    this.#resolve(result)
  }

  reject(error: Error): void {
    this.#reject(error)
  }

  /** How errors name it. A batch that was never numbered has no numbers. */
  describe(producerId: string, isNumbered: boolean): FailedBatch {
    const { epoch, seq } = this
    const numbers = isNumbered ? { epoch, seq } : {}
    return { messages: this.messages.length, bytes: this.bytes, producerId, ...numbers }
  }
}
