import type { Offset, ReadPosition, TailReport, Transport } from './read-plan.js'
import {
  STREAM_CLOSED_HEADER,
  STREAM_CURSOR_HEADER,
  STREAM_OFFSET_HEADER,
  STREAM_UP_TO_DATE_HEADER,
} from '../constants.js'
import { judgeAnswer, nextTransport } from './read-plan.js'
import { AbortedError, DurableStreamError, streamError } from '../errors/durable-stream-error.js'
import { Exchange } from '../request/exchange.js'
import type { Payload } from './payload.js'
import type { ReadContext } from './read-context.js'
import { SseConnection } from './sse-connection.js'
import { contentOf } from './payload.js'
import { errorFromResponse } from '../errors/fetch-error.js'
import { waitFor } from '../environment/clock.js'

/** A piece of the stream, decoded, and the position after it. `value` is null if it only brings news of the end. */
export interface ReadBatch<T> {
  readonly value: T | null
  readonly position: ReadPosition
}

/** An answer that came sooner than this without anything new did not wait for anything. */
const QUICK_MS = 1_000

/**
 * A read that goes on whatever happens: it asks for what comes after its position, takes answers that fit, and
 * leaves the position where it is after everything else. It reads when it is asked to, and never ahead.
 */
export class ReadSession {
  readonly #context: ReadContext
  #position: ReadPosition
  #transport: Transport | null = 'catch-up'
  #exchange: Exchange | null = null
  #sse: SseConnection | null = null
  #contentType: string | undefined
  #last: Response | null = null
  /** Answers in a row that brought nothing and came too fast; caches are gone around then. */
  #quickAnswers = 0
  #isSuspicious = false
  #unwatch: () => void = () => undefined
  #onVisible: (() => void) | null = null

  constructor(context: ReadContext, offset: Offset) {
    this.#context = context
    this.#position = { offset, cursor: null, upToDate: false, closed: false }
    const { signal } = context.abort
    signal.addEventListener('abort', () => this.#end())
    if (context.live !== false && context.pauseWhenHidden)
      this.#unwatch = context.page.watch((change) => this.#onPage(change))
  }

  get contentType(): string | undefined {
    return this.#contentType
  }

  get lastResponse(): Response | null {
    return this.#last
  }

  /** Whether the caller has given up. */
  isCancelled(): boolean {
    return this.#context.abort.signal.aborted
  }

  /** Sends the first request. Resolves when it was answered well; rejects with what ends the read. */
  async open(): Promise<void> {
    await this.#untilDone(async () => {
      await this.#openPage('catch-up')
      return true
    })
    if (this.isCancelled()) throw new AbortedError(this.#context.abort.signal.reason)
    this.#context.recovery.becomePatient()
  }

  /** The next batch, or null at the end of the read or when it was cancelled. */
  async next<T>(decode: (payload: Payload) => T): Promise<ReadBatch<T> | null> {
    try {
      const batch = await this.#untilDone(() => this.#step(decode))
      if (batch === null) this.#end()
      return batch
    } catch (error) {
      this.#end()
      throw error
    }
  }

  cancel(reason?: unknown): void {
    this.#context.abort.controller.abort(reason)
    this.#end()
  }

  /** Asked anew after every wait. */
  #hasEnded(): boolean {
    return this.#transport === null
  }

  #end(): void {
    this.#transport = null
    this.#drop('ended')
    this.#unwatch()
    this.#context.abort.unlink()
    this.#onVisible?.()
  }

  /** Repeats a step until it yields something; null when the read has ended. */
  async #untilDone<T>(step: () => Promise<T | null>): Promise<T | null> {
    const { recovery, abort } = this.#context
    while (this.#transport !== null) {
      try {
        await this.#untilVisible()
        if (this.#hasEnded()) return null
        const result = await step()
        if (result !== null) return result
      } catch (thrown) {
        if (this.isCancelled()) return null
        const error = thrown instanceof Error ? thrown : new Error(String(thrown))
        if (this.#isHandled(error)) continue
        try {
          await recovery.recover(error, abort.signal)
        } catch (final) {
          if (this.isCancelled()) return null
          throw final
        }
      }
    }
    return null
  }

  /** Clears up after a failed step. True if it needs no waiting: a pause of the page, or SSE giving way. */
  #isHandled(error: Error): boolean {
    const gaveUp = this.#exchange?.gaveUp ?? null
    const wasSse = this.#transport === 'sse'
    // An event stream that broke counts like one that ended: where that happens at once, long-poll may do better.
    if (this.#sse !== null && gaveUp === null) this.#context.sse.ended(this.#sse.exchange.openedAt)
    this.#drop('failed')
    if (gaveUp === 'hidden') return true
    const code = error instanceof DurableStreamError ? error.code : 'UNKNOWN'
    if (wasSse && (gaveUp === 'silent' || code === 'SSE_NOT_SUPPORTED')) {
      this.#context.sse.block(
        gaveUp === 'silent' ? 'no event came through: something on the way keeps them back' : error.message,
      )
      this.#transport = 'long-poll'
      return true
    }
    if (code === 'STALE_RESPONSE' || code === 'PROTOCOL_ERROR' || code === 'PARSE_ERROR')
      this.#isSuspicious = true
    if (wasSse) this.#transport = this.#nextTransport('sse')
    // A plain read is the surest way to find out where the stream is.
    if (this.#isSuspicious && !this.#hasEnded()) this.#transport = 'catch-up'
    return false
  }

  async #step<T>(decode: (payload: Payload) => T): Promise<ReadBatch<T> | null> {
    return this.#transport === 'sse' ? this.#stepSse(decode) : this.#stepPage(decode)
  }

  async #stepPage<T>(decode: (payload: Payload) => T): Promise<ReadBatch<T> | null> {
    const transport = this.#transport ?? 'catch-up'
    const exchange = this.#exchange ?? (await this.#openPage(transport))
    const bytes = await exchange.readAll()
    this.#exchange = null
    const { headers } = exchange.response
    const next = headers.get(STREAM_OFFSET_HEADER)!
    const closed = isTrue(headers.get(STREAM_CLOSED_HEADER))
    const upToDate = closed || isTrue(headers.get(STREAM_UP_TO_DATE_HEADER))
    const report = { next, cursor: headers.get(STREAM_CURSOR_HEADER), upToDate, closed }
    const batch = this.#take({ kind: 'bytes', bytes }, report, decode)
    if (batch === null && transport === 'long-poll') await this.#pace(exchange)
    return batch
  }

  async #stepSse<T>(decode: (payload: Payload) => T): Promise<ReadBatch<T> | null> {
    this.#sse ??= await this.#openSse()
    const { exchange } = this.#sse
    const batch = await this.#sse.next()
    if (batch !== null) {
      // The connection works, also if it has nothing new to say.
      this.#context.recovery.progressed()
      return this.#take(batch.payload, batch.report, decode)
    }
    this.#drop('ended')
    const delayMs = this.#context.sse.ended(exchange.openedAt)
    this.#transport = this.#nextTransport('sse')
    if (delayMs > 0) await waitFor(this.#context.clock, delayMs, this.#context.abort.signal)
    return null
  }

  /** Judges an answer and moves on if it fits. Decoding comes first: what cannot be decoded is not taken. */
  #take<T>(payload: Payload, report: TailReport, decode: (payload: Payload) => T): ReadBatch<T> | null {
    const content = contentOf(payload)
    const verdict = judgeAnswer(this.#position, report, content)
    if (verdict.kind === 'stale' || verdict.kind === 'gap') {
      throw streamError(
        verdict.kind === 'stale' ? 'STALE_RESPONSE' : 'PROTOCOL_ERROR',
        verdict.kind === 'stale'
          ? `an earlier answer came again at offset ${this.#position.offset}: a cache on the way leaves out the query`
          : `an answer skips from offset ${this.#position.offset} to ${report.next} without the data in between`,
        { url: this.#context.requester.url },
      )
    }
    const value = content === 'data' ? decode(payload) : null
    this.#position = verdict.position
    this.#transport = this.#nextTransport(this.#transport ?? 'catch-up')
    if (this.#transport === null) this.#end()
    if (verdict.kind === 'nothing') return null
    this.#quickAnswers = 0
    this.#isSuspicious = false
    this.#context.recovery.progressed()
    return { value, position: verdict.position }
  }

  /** Keeps answers that bring nothing from becoming a busy loop, and asks around the cache that gives them. */
  async #pace(exchange: Exchange): Promise<void> {
    const { clock, abort, recovery } = this.#context
    if (clock.now() - exchange.openedAt >= QUICK_MS) {
      this.#quickAnswers = 0
      recovery.progressed()
      return
    }
    this.#quickAnswers++
    if (this.#quickAnswers > 1) this.#isSuspicious = true
    await waitFor(clock, this.#context.delayMs(this.#quickAnswers), abort.signal)
  }

  #nextTransport(current: Transport): Transport | null {
    const { live, sse } = this.#context
    return nextTransport(this.#position, live, current, {
      contentType: this.#contentType,
      sseWorks: sse.works,
    })
  }

  async #openPage(transport: Transport): Promise<Exchange> {
    const exchange = await this.#ask(transport === 'long-poll' ? transport : null)
    const { headers, status } = exchange.response
    if ((headers.get(STREAM_OFFSET_HEADER) ?? '') === '') {
      throw streamError(
        'PROTOCOL_ERROR',
        `the answer lacks ${STREAM_OFFSET_HEADER}: it is not from a stream server, or CORS hides its headers`,
        { url: exchange.url, status },
      )
    }
    // React Native's fetch gives no body to read from: an event stream would come when it has ended.
    if (status === 200 && !exchange.canStream) this.#context.sse.block('this runtime does not stream', false)
    // A 204 has no content and may have no type; what was learned before stays.
    if (status === 200) this.#contentType = headers.get('content-type') ?? this.#contentType
    return exchange
  }

  async #openSse(): Promise<SseConnection> {
    const exchange = await this.#ask('sse')
    const type = exchange.response.headers.get('content-type')?.split(';')[0]!.trim().toLowerCase()
    if (type !== 'text/event-stream' || !exchange.canStream) {
      throw streamError('SSE_NOT_SUPPORTED', `no event stream comes from ${exchange.url}`, {
        url: exchange.url,
      })
    }
    return new SseConnection(exchange, this.#context.maxBufferBytes, this.#contentType)
  }

  async #ask(live: 'long-poll' | 'sse' | null): Promise<Exchange> {
    const { clock, idleMs, maxBufferBytes: maxBytes, sse, requester } = this.#context
    const firstSign = live === 'sse' ? { firstSignMs: sse.firstEventTimeoutMs } : {}
    const exchange = Exchange.create({ clock, idleMs, maxBytes, ...firstSign })
    this.#exchange = exchange
    await exchange.open(requester, {
      method: 'GET',
      params: this.#params(live),
      // The page at the tail may be in the browser's cache, from before the last appends.
      revalidate: live === null,
    })
    const { response, url } = exchange
    this.#last = response
    if (response.status === 200 || (response.status === 204 && live === 'long-poll')) return exchange
    const error = response.ok
      ? streamError('PROTOCOL_ERROR', `HTTP ${response.status} from ${url}`, { url, status: response.status })
      : await errorFromResponse(await exchange.detach(), url, 'GET')
    if (live === 'sse' && [400, 405, 406, 501].includes(response.status)) {
      throw streamError('SSE_NOT_SUPPORTED', `${url} refuses SSE: ${error.message}`, { url, cause: error })
    }
    throw error
  }

  #params(live: 'long-poll' | 'sse' | null): Record<string, string> {
    const { offset, cursor } = this.#position
    const params: Record<string, string> = { offset }
    if (live !== null) {
      params['live'] = live
      if (cursor !== null) params['cursor'] = cursor
    }
    if (this.#isSuspicious) params['cache-buster'] = this.#context.clock.random().toString(36).slice(2)
    return params
  }

  #drop(why: string): void {
    this.#exchange?.giveUp(why)
    this.#exchange = null
    this.#sse = null
  }

  #onPage(change: 'hidden' | 'visible' | 'online'): void {
    if (change === 'hidden') {
      if (this.#transport !== 'catch-up') this.#exchange?.giveUp('hidden')
      return
    }
    this.#onVisible?.()
    this.#context.recovery.hurry()
  }

  async #untilVisible(): Promise<void> {
    const { page, pauseWhenHidden } = this.#context
    if (!pauseWhenHidden || this.#transport === 'catch-up') return
    while (!this.#hasEnded() && page.isHidden()) {
      await new Promise<void>((resolve) => (this.#onVisible = resolve))
      this.#onVisible = null
    }
  }
}

/** Presence headers are `true` in any letter case. @see PROTOCOL §4.1 */
function isTrue(value: string | null): boolean {
  return value?.toLowerCase() === 'true'
}
