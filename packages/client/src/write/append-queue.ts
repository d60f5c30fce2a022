import { AbortedError, DurableStreamError, streamError } from '../errors/durable-stream-error.js'

/** An append that waits for its request. */
export interface QueuedAppend {
  readonly bytes: Uint8Array
  readonly contentType: string
  /** Headers that only this append may carry; it then has a request of its own. */
  readonly headers: Readonly<Record<string, string>> | null
  readonly signal: AbortSignal | undefined
  /** Appends that make sense only after each other: when one fails, those behind it fail too. */
  readonly chain?: AppendChain
}

/** Shared by the appends of a chain. */
export interface AppendChain {
  failure?: { readonly error: unknown }
}

interface Entry extends QueuedAppend {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Sends appends of one content type in one request. */
export type SendAppends = (batch: readonly QueuedAppend[]) => Promise<void>

/** A request carries no more than this, unless a single append is larger. */
const MAX_BATCH_BYTES = 1_048_576
/** What may wait; more is refused. */
const MAX_QUEUED_BYTES = 134_217_728

/**
 * Appends in the order of their calls. One request is under way at a time; what is called meanwhile, or within the
 * same turn, goes into the next one together. A failed request fails the appends it carried, and no others.
 */
export class AppendQueue {
  readonly #send: SendAppends
  #entries: Entry[] = []
  #queuedBytes = 0
  #isRunning = false

  constructor(send: SendAppends) {
    this.#send = send
  }

  add(append: QueuedAppend): Promise<void> {
    return new Promise((resolve, reject) => {
      if (append.signal?.aborted === true) {
        reject(new AbortedError(append.signal.reason))
        return
      }
      if (this.#queuedBytes > 0 && this.#queuedBytes + append.bytes.length > MAX_QUEUED_BYTES) {
        reject(streamError('BUFFER_FULL', `more than ${MAX_QUEUED_BYTES} bytes wait to be appended`))
        return
      }
      this.#entries.push(promptly({ ...append, resolve, reject }))
      this.#queuedBytes += append.bytes.length
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // Calls of this turn share a request: `await Promise.all([append(), append()])` is one.
    await Promise.resolve()
    while (this.#entries.length > 0) {
      const batch = this.#takeBatch()
      if (batch.length === 0) continue
      try {
        await this.#send(batch)
        for (const entry of batch) entry.resolve()
      } catch (error) {
        nameBatch(error, batch)
        for (const entry of batch) {
          if (entry.chain !== undefined) entry.chain.failure ??= { error }
          entry.reject(error)
        }
      }
    }
    this.#isRunning = false
  }

  #takeBatch(): Entry[] {
    const batch: Entry[] = []
    let size = 0
    let count = 0
    for (const entry of this.#entries) {
      const first = batch[0]
      if (first !== undefined) {
        const fits =
          first.headers === null && entry.headers === null && first.contentType === entry.contentType
        if (!fits || size + entry.bytes.length > MAX_BATCH_BYTES) break
      }
      count++
      if (entry.signal?.aborted === true) {
        entry.reject(new AbortedError(entry.signal.reason))
      } else if (entry.chain?.failure !== undefined) {
        entry.reject(entry.chain.failure.error)
      } else {
        batch.push(entry)
        size += entry.bytes.length
      }
      this.#queuedBytes -= entry.bytes.length
    }
    this.#entries = this.#entries.slice(count)
    return batch
  }
}

/** An append that is given up rejects at once, although its request may be under way with others. */
function promptly(entry: Entry): Entry {
  const { signal } = entry
  if (signal === undefined) return entry
  const abort = (): void => entry.reject(new AbortedError(signal.reason))
  signal.addEventListener('abort', abort, { once: true })
  const unlink = (): void => signal.removeEventListener('abort', abort)
  return {
    ...entry,
    resolve: () => {
      unlink()
      entry.resolve()
    },
    reject: (error) => {
      unlink()
      entry.reject(error)
    },
  }
}

function nameBatch(error: unknown, batch: readonly QueuedAppend[]): void {
  const bytes = batch.reduce((sum, entry) => sum + entry.bytes.length, 0)
  if (error instanceof DurableStreamError) error.batch ??= { messages: batch.length, bytes }
}
