import type { HeadersRecord } from '../request/dynamic-values.js'
import type { Offset } from '../read/read-plan.js'
import type { OffsetStorage } from '../read/offset-storage.js'
import { streamError } from '../errors/durable-stream-error.js'
import { withDefaults } from '../with-defaults.js'

/** Options of a producer. */
export interface IdempotentProducerOptions {
  /** The epoch to begin with. Default 0. */
  epoch?: number
  /**
   * Takes the producer's name over when the server knows a newer epoch, instead of failing with `StaleEpochError`.
   * For producers that do not keep their epoch. Batches whose fate is not known then fail, as sending them again could
   * repeat them.
   */
  autoClaim?: boolean
  /** A batch of this many bytes is sent at once. Default 1048576. */
  maxBatchBytes?: number
  /** Milliseconds that a message waits for others. Default 5. */
  lingerMs?: number
  /** Batches under way at the same time. Default 5. */
  maxInFlight?: number
  /** Bytes that may wait or be under way; what comes on top is refused with `BUFFER_FULL`. Default 128 MiB. */
  maxBufferedBytes?: number
  /** Another fetch than the stream's. */
  fetch?: typeof globalThis.fetch
  /** Headers besides the stream's, which they win over. */
  headers?: HeadersRecord
  /** Ends the producer: what has not been confirmed fails with `ABORTED`. */
  signal?: AbortSignal
  /** Called with the error of each failed batch; `error.batch` names it. */
  onError?: (error: Error) => void
  /** A state that an earlier producer of this name had. */
  state?: ProducerState
  /** Keeps the state between runs, as `state` but by itself: a Map, localStorage, anything with get and set. */
  storage?: OffsetStorage
  /** The key in `storage`. Default: URL and name. */
  storageKey?: string
}

/** What a producer has to remember to go on after a restart. */
export interface ProducerState {
  readonly epoch: number
  /** The number of the next batch in this epoch. */
  readonly nextSeq: number
  /**
   * True if every batch was confirmed. Only then may the epoch be continued; otherwise the next producer begins the
   * next epoch, so that a batch of which nobody knows the fate cannot be taken for one of its own.
   */
  readonly clean: boolean
}

/** What became of an append. */
export interface IdempotentAppendResult {
  /** An offset after the message: that of the end of its batch; of the stream's end, if it was a duplicate. */
  readonly offset: Offset
  /** True if an earlier attempt, whose answer was lost, had written it already. */
  readonly duplicate: boolean
}

const DEFAULTS = { maxBatchBytes: 1_048_576, lingerMs: 5, maxInFlight: 5, maxBufferedBytes: 134_217_728 }

/** The options with those that were left out. */
export type CompleteOptions = IdempotentProducerOptions & Readonly<typeof DEFAULTS>

export function completeOptions(options: IdempotentProducerOptions): CompleteOptions {
  const complete = withDefaults(DEFAULTS, options)
  const { maxBatchBytes, maxInFlight, maxBufferedBytes, epoch = 0 } = complete
  const areInRange = maxBatchBytes >= 1 && maxInFlight >= 1 && maxBufferedBytes >= 1
  if (!areInRange || !Number.isSafeInteger(epoch) || epoch < 0) {
    throw streamError('INVALID_OPTION', 'a number among the options of the producer is out of range')
  }
  return complete
}
