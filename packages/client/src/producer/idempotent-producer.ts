import {
  AbortedError,
  DurableStreamError,
  StreamClosedError,
  streamError,
} from '../errors/durable-stream-error.js'
import type {
  CompleteOptions,
  IdempotentAppendResult,
  IdempotentProducerOptions,
  ProducerState,
} from './producer-options.js'
import { completeOptions } from './producer-options.js'
import { BatchSender, isRefusedContent } from './batch-sender.js'
import type { AppendValue } from '../write/message-encoding.js'
import type { CloseResult } from '../write/append-options.js'
import type { HandleCore } from '../write/handle-core.js'
import type { LinkedAbort } from '../environment/abort-link.js'
import { MESSAGE_OVERHEAD, MessageBatch } from './message-batch.js'
import { MessageGatherer } from './message-gatherer.js'
import type { Offset } from '../read/read-plan.js'
import { Pipeline } from './pipeline.js'
import type { ProducerAnswer } from './producer-answer.js'
import type { ProducerStart } from './producer-memory.js'
import { ProducerMemory } from './producer-memory.js'
import type { StreamWriter } from '../write/stream-writer.js'
import { encodeMessage } from '../write/message-encoding.js'
import { insideOf } from '../write/handle-registry.js'
import { notSent } from './not-sent.js'
import { linkAbort } from '../environment/abort-link.js'

/**
 * Appends exactly once, in order, fast: messages that wait at the same time share a request, several requests are
 * under way together, and each may be sent again, as the server knows it by the producer's name, epoch and sequence
 * number. @see PROTOCOL §5.2.1
 */
export class IdempotentProducer {
  readonly #core: HandleCore
  readonly #writer: StreamWriter
  readonly #sender: BatchSender
  readonly #options: CompleteOptions
  readonly #abort: LinkedAbort
  readonly #memory: ProducerMemory
  readonly #producerId: string
  #pipeline: Pipeline<MessageBatch>
  readonly #gatherer: MessageGatherer
  #bufferedBytes = 0
  /** Appends that wait for the content type to be learned. */
  #unencoded = 0
  #isStarted = false
  #isSwitching = false
  /** Why nothing more is sent, until `restart()`. */
  #halted: Error | null = null
  #end: 'closed' | 'detached' | null = null
  /** A failure that nobody was told of. */
  #untold: Error | null = null
  #lastOffset: Offset | undefined
  #onIdle: (() => void)[] = []
  #onRoom: (() => void)[] = []

  /**
   * @param stream the DurableStream to append to
   * @param producerId the producer's name: the same after a restart, and nobody else's at the same time
   */
  constructor(stream: object, producerId: string, options: IdempotentProducerOptions = {}) {
    if (producerId === '') throw streamError('INVALID_OPTION', 'a producer needs a name')
    const { core, writer } = insideOf(stream)
    this.#core = core
    this.#writer = writer
    this.#producerId = producerId
    this.#options = completeOptions(options)
    this.#abort = linkAbort(core.options.signal, options.signal)
    this.#sender = new BatchSender(core, core.createContext(options), producerId, this.#abort.signal)
    const { maxBatchBytes, lingerMs } = this.#options
    this.#gatherer = new MessageGatherer({
      clock: core.clock,
      maxBatchBytes,
      lingerMs,
      onDue: () => this.#advance(),
    })
    this.#memory = new ProducerMemory(options, `${core.url}#${producerId}`)
    this.#pipeline = this.#createPipeline(this.#memory.initial)
    this.#abort.signal.addEventListener('abort', () =>
      this.#halt(new AbortedError(this.#abort.signal.reason), null),
    )
  }

  /** The current epoch. */
  get epoch(): number {
    return this.#pipeline.epoch
  }

  /** The number that the next batch gets. */
  get nextSeq(): number {
    return this.#pipeline.nextSeq
  }

  /** Messages that gather for the next batch. */
  get pendingCount(): number {
    return this.#gatherer.pendingCount
  }

  /** Batches under way. */
  get inFlightCount(): number {
    return this.#pipeline.inFlight
  }

  /** The greatest offset that the server has confirmed. */
  get lastSuccessfulOffset(): Offset | undefined {
    return this.#lastOffset
  }

  /** What to remember, to be given as `state` to the next producer of this name. */
  get state(): ProducerState {
    return { epoch: this.epoch, nextSeq: this.nextSeq, clean: this.#isIdle && this.#halted === null }
  }

  /** Resolves when there is room for more: await it between appends to write no faster than the server takes it. */
  get ready(): Promise<void> {
    if (this.#bufferedBytes < this.#options.maxBufferedBytes / 2 || this.#halted !== null)
      return Promise.resolve()
    return new Promise((resolve) => this.#onRoom.push(resolve))
  }

  /**
   * Appends a message. The promise settles when its batch does, and may be ignored: failures go to `onError` as well,
   * and without it to the next `flush`. On JSON streams a string is JSON text; other values are written as JSON.
   */
  append(value: AppendValue): Promise<IdempotentAppendResult> {
    const result = this.#append(value)
    result.catch(() => undefined)
    return result
  }

  /**
   * Sends what waits, and resolves when all of it has settled. Rejects with a failure that nobody was told of, which is
   * one without `onError`.
   */
  async flush(): Promise<void> {
    this.#gatherer.hurry()
    this.#advance()
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    const untold = this.#untold
    this.#untold = null
    if (untold !== null) throw untold
  }

  /**
   * Sends what waits and closes the stream, with a last message if there is one. It may be called again after a
   * failure: the same request is sent, and has its effect once. @see PROTOCOL §5.2.1 (stream closure)
   */
  async close(finalMessage?: AppendValue): Promise<CloseResult> {
    if (this.#end !== null) throw this.#ended()
    this.#end = 'closed'
    try {
      await this.flush()
      if (this.#halted !== null) throw this.#halted
      const contentType = await this.#writer.contentType()
      const batch = new MessageBatch(contentType, true)
      if (finalMessage !== undefined) batch.add(encodeMessage(finalMessage, contentType))
      this.#bufferedBytes += batch.weight
      this.#gatherer.addBatch(batch)
      this.#advance()
      const { offset } = await batch.settled
      await this.#leave()
      return { finalOffset: offset }
    } catch (error) {
      // What failed may be tried again.
      this.#end = null
      throw error
    }
  }

  /** Sends what waits and ends the producer. The stream stays open. */
  async detach(): Promise<void> {
    if (this.#end !== null) return
    this.#end = 'detached'
    await this.flush()
    await this.#leave()
  }

  /** Ends the producer at once: what has not been confirmed fails with `ABORTED`. */
  abandon(): void {
    this.#end ??= 'detached'
    this.#abort.controller.abort()
  }

  /** Sends what waits and begins the next epoch. Also the way out after a failure that has halted the producer. */
  async restart(): Promise<void> {
    await this.flush()
    this.#halted = null
    this.#pipeline = this.#createPipeline({ epoch: this.epoch + 1, nextSeq: 0, isFresh: false })
    await this.#memory.begin(this.epoch)
    this.#isStarted = true
  }

  async #append(value: AppendValue): Promise<IdempotentAppendResult> {
    let gathered: Promise<IdempotentAppendResult>
    try {
      if (this.#end !== null) throw this.#ended()
      if (this.#halted !== null) throw notSent(this.#halted)
      const known = this.#core.contentType
      // While others wait for the type, nobody overtakes them.
      gathered = this.#gather(
        value,
        known !== undefined && this.#unencoded === 0 ? known : await this.#learnType(),
      )
    } catch (error) {
      throw this.#tell(error as Error)
    }
    return gathered
  }

  async #learnType(): Promise<string> {
    this.#unencoded++
    try {
      return await this.#writer.contentType()
    } finally {
      this.#unencoded--
      queueMicrotask(() => this.#checkIdle())
    }
  }

  /** Puts a message into the batch that gathers; the promise is that of the batch. */
  #gather(value: AppendValue, contentType: string): Promise<IdempotentAppendResult> {
    const { maxBufferedBytes } = this.#options
    const message = encodeMessage(value, contentType)
    const weight = message.length + MESSAGE_OVERHEAD
    if (this.#bufferedBytes > 0 && this.#bufferedBytes + weight > maxBufferedBytes) {
      throw streamError('BUFFER_FULL', `more than ${maxBufferedBytes} bytes wait to be appended`)
    }
    this.#bufferedBytes += weight
    return this.#gatherer.add(message, contentType).settled
  }

  /** Sends everything that may be sent now. What gathers keeps gathering until there is room for it. */
  #advance(): void {
    if (this.#halted !== null || !this.#start()) return
    for (;;) {
      while (this.#pipeline.hasRoom) {
        const batch = this.#gatherer.take()
        if (batch === null) break
        this.#pipeline.add(batch)
      }
      const next = this.#pipeline.takeNext()
      if (next === null) return
      void this.#send(next)
    }
  }

  /** Settles the epoch with what an earlier producer of this name has left. False until that is done. */
  #start(): boolean {
    if (this.#isStarted) return !this.#isSwitching
    if (this.#isSwitching) return false
    if (!this.#memory.isPersistent) return (this.#isStarted = true)
    this.#switchEpoch(async () => {
      this.#pipeline = this.#createPipeline(await this.#memory.resume())
      this.#isStarted = true
    })
    return false
  }

  /** An epoch is written down before it is used. */
  #switchEpoch(work: () => Promise<void>): void {
    this.#isSwitching = true
    work()
      .finally(() => (this.#isSwitching = false))
      .then(
        () => this.#advance(),
        (error: unknown) => this.#halt(error as Error, null),
      )
  }

  async #send(batch: MessageBatch): Promise<void> {
    try {
      this.#settle(batch, await this.#sender.send(batch))
    } catch (thrown) {
      if (this.#halted !== null) return
      const error = thrown as Error
      if (isRefusedContent(error)) {
        this.#pipeline.refused(batch)
        this.#fail(batch, error, true)
      } else {
        this.#halt(error, batch)
      }
    }
    if (this.#halted !== null) return
    const turn = this.#pipeline.settleEpoch()
    if (turn.kind === 'halt') this.#halt(turn.error, null)
    if (turn.kind === 'began' && this.#memory.isPersistent)
      this.#switchEpoch(() => this.#memory.begin(this.epoch))
    this.#advance()
    this.#checkIdle()
  }

  #settle(batch: MessageBatch, answer: ProducerAnswer): void {
    if (this.#halted !== null) return
    if (answer.kind === 'closed') {
      const { finalOffset } = answer
      const wasAsked = batch.closes && batch.messages.length === 0
      this.#pipeline.remove(batch)
      if (wasAsked) this.#confirm(batch, { offset: finalOffset ?? '', duplicate: true })
      else this.#halt(new StreamClosedError(this.#core.url, finalOffset ?? undefined), batch)
      return
    }
    const settlement = this.#pipeline.answered(batch, answer)
    if (settlement.kind === 'halt') this.#halt(settlement.error, batch)
    if (settlement.kind === 'confirmed' && answer.kind === 'accepted') this.#confirm(batch, answer)
  }

  #confirm(batch: MessageBatch, { offset, duplicate }: IdempotentAppendResult): void {
    if (offset !== '' && (this.#lastOffset === undefined || offset > this.#lastOffset))
      this.#lastOffset = offset
    batch.resolve({ offset, duplicate })
    this.#release(batch)
  }

  #fail(batch: MessageBatch, error: Error, isNumbered: boolean): void {
    const named =
      error instanceof DurableStreamError ? error : streamError('UNKNOWN', error.message, { cause: error })
    named.batch = batch.describe(this.#producerId, isNumbered)
    batch.reject(named)
    this.#release(batch)
    this.#tell(named)
  }

  /** Nothing can be sent any more: everything that waits fails, the batch at fault with the error itself. */
  #halt(error: Error, culprit: MessageBatch | null): void {
    if (this.#halted !== null) return
    this.#halted = error
    const numbered = new Set(this.#pipeline.window)
    const waiting = [...numbered, ...this.#gatherer.takeAll()].filter((batch) => batch !== culprit)
    if (culprit !== null) this.#fail(culprit, error, true)
    for (const batch of waiting) this.#fail(batch, notSent(error), numbered.has(batch))
    for (const batch of numbered) this.#pipeline.remove(batch)
    this.#checkIdle()
  }

  #release(batch: MessageBatch): void {
    this.#bufferedBytes -= batch.weight
    if (this.#bufferedBytes >= this.#options.maxBufferedBytes / 2 && this.#halted === null) return
    for (const resolve of this.#onRoom.splice(0)) resolve()
  }

  #tell(error: Error): Error {
    const { onError } = this.#options
    // Whatever a handler throws is not to disturb the batches that are still to be told of.
    if (onError !== undefined) queueMicrotask(() => onError(error))
    else this.#untold ??= error
    return error
  }

  get #isIdle(): boolean {
    const isEmpty = this.#gatherer.isEmpty && this.#pipeline.window.length === 0
    return isEmpty && this.#unencoded === 0 && !this.#isSwitching
  }

  #checkIdle(): void {
    if (this.#isIdle) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Writes down that all is confirmed, and stops following the caller's signals. */
  async #leave(): Promise<void> {
    if (this.#isStarted && this.#halted === null) await this.#memory.leave(this.epoch, this.nextSeq)
    this.#abort.unlink()
  }

  #ended(): DurableStreamError {
    return streamError('ALREADY_CLOSED', `the producer ${this.#producerId} was ${this.#end ?? 'closed'}`)
  }

  #createPipeline(state: ProducerStart): Pipeline<MessageBatch> {
    const { maxInFlight, autoClaim = false } = this.#options
    return new Pipeline({ maxInFlight, autoClaim, ...state })
  }
}
