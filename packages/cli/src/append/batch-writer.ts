import { DurableStreamError, IdempotentProducer, type DurableStream } from '@ds/client'
import { EXIT } from '../exit-codes.js'
import { explainFailure } from '../explain-failure.js'
import { CliError } from '../failures.js'
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
  readonly #hint: string

  /** @param isKept whether the number of the batch is written down for the next run */
  constructor(stream: DurableStream, identity: ProducerIdentity, isJson: boolean, isKept: boolean) {
    this.#isJson = isJson
    this.#hint = isKept
      ? 'run the same command again: it goes on with this batch, and appends it once'
      : 'read the end of the stream to find out; with --state FILE the next run would know'
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
    try {
      return { wasThere: (await result)?.duplicate === true }
    } catch (error) {
      throw explainOutcome(error, this.#hint)
    }
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
    try {
      await Promise.all(messagesOf(batch, this.#isJson).map((message) => this.#stream.append(message)))
    } catch (error) {
      throw explainOutcome(
        error,
        'read the end of the stream to find out; --producer-id NAME makes retries safe',
      )
    }
    return { wasThere: false }
  }
}

/** JSON messages one by one; bytes in one go. */
function messagesOf(batch: readonly Piece[], isJson: boolean): Uint8Array[] {
  if (isJson) return batch.map(({ bytes }) => bytes)
  return [Buffer.concat(batch.map(({ bytes }) => bytes))]
}

/** A failure after which nobody knows whether the batch was appended says so. */
function explainOutcome(error: unknown, hint: string): unknown {
  if (!(error instanceof DurableStreamError)) return error
  const { code, serverCode, status = 0 } = error
  const isUnknown =
    serverCode === 'OUTCOME_UNKNOWN' || code === 'NETWORK' || code === 'TIMEOUT' || status >= 500
  const { message } = explainFailure(error)
  // Certainly not: nobody listened, or the server has said so.
  const isCertain =
    message.includes('ECONNREFUSED') || (serverCode !== undefined && serverCode !== 'OUTCOME_UNKNOWN')
  if (!isUnknown || isCertain) return error
  return new CliError('OUTCOME_UNKNOWN', `${message}; it is not known whether this was appended`, {
    exitCode: EXIT.unreachable,
    hint,
    cause: error,
  })
}
