import { IdempotentProducer, type DurableStream } from '@ds/client'
import type { Piece } from '../input/pieces.js'

/** Appends one batch after the other. */
export interface BatchWriter {
  /** Resolves when the server has the batch; `wasThere` tells that an earlier attempt had brought it. */
  write(batch: readonly Piece[]): Promise<{ readonly wasThere: boolean }>
}

/** The producer under which batches are written, and the number of the next one. */
export interface ProducerIdentity {
  readonly id: string
  readonly epoch: number
  readonly nextSeq: number
}

/** The server takes no larger body anyway; batches are cut before. */
const NO_LIMIT_BYTES = 2 ** 31
/** Batches go when they are told to. */
const NEVER_MS = 2 ** 30

/**
 * Writes each batch as one request of an idempotent producer, under a number of its own: it can be sent again
 * whatever happens, by this process or by the next one, and is taken once. @see PROTOCOL §5.2.1
 */
export class ProducerWriter implements BatchWriter {
  readonly #producer: IdempotentProducer
  readonly #isJson: boolean

  constructor(stream: DurableStream, identity: ProducerIdentity, isJson: boolean) {
    this.#isJson = isJson
    this.#producer = new IdempotentProducer(stream, identity.id, {
      state: { epoch: identity.epoch, nextSeq: identity.nextSeq, clean: true },
      maxBatchBytes: NO_LIMIT_BYTES,
      maxBufferedBytes: NO_LIMIT_BYTES,
      lingerMs: NEVER_MS,
      maxInFlight: 1,
      onError: () => undefined,
    })
  }

  async write(batch: readonly Piece[]): Promise<{ wasThere: boolean }> {
    // All of a batch shares one promise.
    let result = null
    for (const message of messagesOf(batch, this.#isJson)) result = this.#producer.append(message)
    await this.#producer.flush()
    return { wasThere: (await result)?.duplicate === true }
  }
}

/**
 * Writes a batch in one request that carries no number: for what fits into one, so that streams need not remember a
 * producer for every line that somebody appends.
 */
export class PlainWriter implements BatchWriter {
  readonly #stream: DurableStream
  readonly #isJson: boolean

  constructor(stream: DurableStream, isJson: boolean) {
    this.#stream = stream
    this.#isJson = isJson
  }

  async write(batch: readonly Piece[]): Promise<{ wasThere: boolean }> {
    await Promise.all(messagesOf(batch, this.#isJson).map((message) => this.#stream.append(message)))
    return { wasThere: false }
  }
}

/** JSON messages one by one; bytes in one go. */
function messagesOf(batch: readonly Piece[], isJson: boolean): Uint8Array[] {
  if (isJson) return batch.map(({ bytes }) => bytes)
  return [Buffer.concat(batch.map(({ bytes }) => bytes))]
}
