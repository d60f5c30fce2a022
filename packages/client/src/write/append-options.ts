import {
  PRODUCER_EPOCH_HEADER,
  PRODUCER_ID_HEADER,
  PRODUCER_SEQ_HEADER,
  STREAM_SEQ_HEADER,
} from '../constants.js'
import type { AppendValue } from './message-encoding.js'
import type { Offset } from '../read/read-plan.js'
import { streamError } from '../errors/durable-stream-error.js'

/** Options of an append. */
export interface AppendOptions {
  /**
   * `Stream-Seq`: must be greater, as a string, than that of every earlier append. An append with it has a request
   * of its own, so that the server judges it alone.
   */
  seq?: string
  /** The content type of this append, if the handle does not know it. */
  contentType?: string
  /** Gives up waiting. What was sent already may have its effect. */
  signal?: AbortSignal
  /** With `producerEpoch` and `producerSeq`: makes the append repeatable. `IdempotentProducer` does that for you. */
  producerId?: string
  producerEpoch?: number
  producerSeq?: number
}

/** Options of `close`. */
export interface CloseOptions {
  /** A last message, appended in the same step. */
  body?: AppendValue
  contentType?: string
  signal?: AbortSignal
}

/** What became of a `close`. */
export interface CloseResult {
  /** The offset after the last byte. */
  readonly finalOffset: Offset
}

/** The headers that only this append may carry; null if it may share a request. */
export function appendHeaders(options: AppendOptions): Record<string, string> | null {
  const { seq, producerId, producerEpoch, producerSeq } = options
  const parts = [producerId, producerEpoch, producerSeq].filter((part) => part !== undefined)
  if (parts.length !== 0 && parts.length !== 3) {
    throw streamError('INVALID_OPTION', 'producerId, producerEpoch and producerSeq go together')
  }
  const headers: Record<string, string> = {}
  if (seq !== undefined) headers[STREAM_SEQ_HEADER] = seq
  if (producerId !== undefined) {
    headers[PRODUCER_ID_HEADER] = producerId
    headers[PRODUCER_EPOCH_HEADER] = String(producerEpoch)
    headers[PRODUCER_SEQ_HEADER] = String(producerSeq)
  }
  return Object.keys(headers).length === 0 ? null : headers
}
