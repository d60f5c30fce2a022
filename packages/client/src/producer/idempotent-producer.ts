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
import { Backlog } from './backlog.js'
import { Gate } from './gate.js'
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
  /** Ends the requests of a producer that has halted; `restart` makes another. */
  #flight: AbortController = new AbortController()
  readonly #memory: ProducerMemory
  readonly #producerId: string
  #pipeline: Pipeline<MessageBatch>
  readonly #gatherer: MessageGatherer
  readonly #backlog: Backlog
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
  readonly #idle: Gate = new Gate()

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
    this.#sender = new BatchSender(core, core.createContext(options), producerId)
    const { maxBatchBytes, lingerMs, maxBufferedBytes } = this.#options
    this.#backlog = new Backlog(maxBufferedBytes)
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
    return this.#backlog.ready
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
    while (!this.#isIdle) await this.#idle.wait()
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
      this.#backlog.add(batch.weight)
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
    if (this.#halted === null) await this.flush()
    this.#halted = this.#untold = null
    this.#flight = new AbortController()
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
    const message = encodeMessage(value, contentType)
    this.#backlog.add(message.length + MESSAGE_OVERHEAD)
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
        () => {
          this.#advance()
          this.#checkIdle()
        },
        (error: unknown) => this.#halt(error as Error, null),
      )
  }

  async #send(batch: MessageBatch): Promise<void> {
    const flight = this.#flight.signal
    const isOver = (): boolean => flight.aborted
    try {
      const answer = await this.#sender.send(batch, flight)
      if (isOver()) return
      this.#settle(batch, answer)
    } catch (thrown) {
      if (isOver()) return
      const error = thrown as Error
      if (isRefusedContent(error)) {
        this.#pipeline.refused(batch)
        this.#fail(batch, error, true)
      } else {
        this.#halt(error, batch)
      }
    }
    if (isOver()) return
    const turn = this.#pipeline.settleEpoch()
    if (turn.kind === 'halt') this.#halt(turn.error, null)
    if (turn.kind === 'began' && this.#memory.isPersistent)
      this.#switchEpoch(() => this.#memory.begin(this.epoch))
    this.#advance()
    this.#checkIdle()
  }

  #settle(batch: MessageBatch, answer: ProducerAnswer): void {
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
    this.#backlog.remove(batch.weight)
  }

  #fail(batch: MessageBatch, error: Error, isNumbered: boolean): void {
    const named =
      error instanceof DurableStreamError ? error : streamError('UNKNOWN', error.message, { cause: error })
    named.batch = batch.describe(this.#producerId, isNumbered)
    batch.reject(named)
    this.#backlog.remove(batch.weight)
    this.#tell(named)
  }

  /** Nothing can be sent any more: everything that waits fails, the batch at fault with the error itself. */
  #halt(error: Error, culprit: MessageBatch | null): void {
    if (this.#halted !== null) return
    this.#halted = error
    this.#flight.abort()
    const numbered = new Set(this.#pipeline.window)
    const waiting = [...numbered, ...this.#gatherer.takeAll()].filter((batch) => batch !== culprit)
    if (culprit !== null) this.#fail(culprit, error, true)
    for (const batch of waiting) this.#fail(batch, notSent(error), numbered.has(batch))
    for (const batch of numbered) this.#pipeline.remove(batch)
    this.#checkIdle()
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
    if (this.#isIdle) this.#idle.open()
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
