import {
  PRODUCER_EPOCH_HEADER,
  PRODUCER_ID_HEADER,
  PRODUCER_SEQ_HEADER,
  STREAM_CLOSED_HEADER,
} from '../constants.js'
import type { HandleCore } from '../write/handle-core.js'
import type { MessageBatch } from './message-batch.js'
import type { OneShotContext } from '../request/one-shot.js'
import type { ProducerAnswer } from './producer-answer.js'
import { DurableStreamError, streamError } from '../errors/durable-stream-error.js'
import { isCertainlyUndone } from '../request/failure-kind.js'
import { joinMessages } from '../write/message-encoding.js'
import { readProducerAnswer } from './producer-answer.js'
import { sendUntilAnswered } from '../request/one-shot.js'

/** Retries of a batch if the back-off does not say: about two minutes. */
const PATIENCE = 12

/** Sends batches with the producer's headers, again and again under the same number, until they are answered. */
export class BatchSender {
  readonly #core: HandleCore
  readonly #context: OneShotContext
  readonly #producerId: string

  constructor(core: HandleCore, context: OneShotContext, producerId: string) {
    this.#core = core
    this.#context = context
    this.#producerId = producerId
  }

  /** What the server says to the batch; rejects with everything that it does not say to producers in particular. */
  async send(batch: MessageBatch, signal: AbortSignal): Promise<ProducerAnswer> {
    const headers: Record<string, string> = {
      [PRODUCER_ID_HEADER]: this.#producerId,
      [PRODUCER_EPOCH_HEADER]: String(batch.epoch),
      [PRODUCER_SEQ_HEADER]: String(batch.seq),
    }
    if (batch.closes) headers[STREAM_CLOSED_HEADER] = 'true'
    const isEmpty = batch.messages.length === 0
    if (!isEmpty) headers['Content-Type'] = batch.contentType
    const body = isEmpty ? undefined : (joinMessages(batch.messages, batch.contentType) as BodyInit)
    const { response, url } = await sendUntilAnswered(
      this.#context,
      { method: 'POST', headers, body },
      {
        signal,
        repeatable: true,
        maxRetries: this.#core.backoff.maxRetries ?? PATIENCE,
        accept: (answer) => readProducerAnswer(answer.response, isEmpty) !== null,
        onFailure: (error) => {
          if (!isCertainlyUndone(error) && isWithoutAnswer(error)) batch.ambiguous = true
        },
      },
    )
    const answer = readProducerAnswer(response, isEmpty)
    if (answer !== null) return answer
    throw streamError('PROTOCOL_ERROR', `HTTP ${response.status} to an append`, {
      url,
      status: response.status,
    })
  }
}

/** Whether the server may have acted all the same. */
function isWithoutAnswer(error: Error): boolean {
  if (!(error instanceof DurableStreamError)) return true
  return error.status === undefined || error.status === 0 || error.status >= 500
}

/** Whether the server has refused what the batch holds, and would refuse it from anybody. */
export function isRefusedContent(error: unknown): boolean {
  if (!(error instanceof DurableStreamError)) return false
  return error.status === 413 || (error.status === 400 && error.serverCode !== 'INVALID_PRODUCER')
}
