import type { Clock } from '../environment/clock.js'
import { MessageBatch } from './message-batch.js'

export interface GathererOptions {
  readonly clock: Clock
  /** A batch of this many bytes is complete. */
  readonly maxBatchBytes: number
  /** Milliseconds after which a batch may go although it is not full. */
  readonly lingerMs: number
  /** A batch may go. */
  readonly onDue: () => void
}

/**
 * Puts messages into batches. A batch may go when it is full or has waited long enough; as long as there is no room
 * for it on the way, it keeps taking what comes.
 */
export class MessageGatherer {
  readonly #options: GathererOptions
  /** Takes messages; null while there are none. */
  #open: MessageBatch | null = null
  #isDue = false
  #full: MessageBatch[] = []
  #cancelLinger: (() => void) | null = null

  constructor(options: GathererOptions) {
    this.#options = options
  }

  /** Messages in the batch that is not full yet. */
  get pendingCount(): number {
    return this.#open?.messages.length ?? 0
  }

  get isEmpty(): boolean {
    return this.#open === null && this.#full.length === 0
  }

  /** The batch that the message is in now. */
  add(message: Uint8Array, contentType: string): MessageBatch {
    const { maxBatchBytes, clock, lingerMs, onDue } = this.#options
    const open = this.#open
    if (open !== null && (open.bytes + message.length > maxBatchBytes || open.contentType !== contentType)) {
      this.#seal()
    }
    const batch = (this.#open ??= new MessageBatch(contentType))
    batch.add(message)
    if (batch.bytes >= maxBatchBytes) {
      this.#seal()
      onDue()
    } else if (batch.messages.length === 1) {
      this.#cancelLinger = clock.schedule(lingerMs, () => {
        this.#isDue = true
        onDue()
      })
    }
    return batch
  }

  /** Adds a batch as it is, behind everything else. */
  addBatch(batch: MessageBatch): void {
    this.#seal()
    this.#full.push(batch)
  }

  /** Nothing waits for more messages. */
  hurry(): void {
    if (this.#open !== null) this.#isDue = true
  }

  /** The next batch that may go, or null. */
  take(): MessageBatch | null {
    if (this.#full.length === 0 && this.#isDue) this.#seal()
    return this.#full.shift() ?? null
  }

  /** Everything, full or not. */
  takeAll(): MessageBatch[] {
    this.#seal()
    return this.#full.splice(0)
  }

  #seal(): void {
    if (this.#open !== null) this.#full.push(this.#open)
    this.#open = null
    this.#isDue = false
    this.#cancelLinger?.()
    this.#cancelLinger = null
  }
}
