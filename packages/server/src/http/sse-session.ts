import type { LiveBatch, LiveEnd, LiveRead, LiveReader } from '@ds/core'
import type { LiveBody, LiveSink } from './exchange.js'
import type { LiveSessions, TimedSession } from './live-sessions.js'
import {
  SSE_HEARTBEAT,
  currentCursor,
  formatSseControl,
  formatSseData,
  joinBytes,
  nextCursor,
} from '@ds/core'

export interface SseTimes {
  readonly sseRecycleMs: number
  readonly sseHeartbeatMs: number
  readonly stallTimeoutMs: number
}

/**
 * One SSE connection: a live reader on the one side, a response body on the other. It buffers nothing: what the
 * client does not take stays in the stream. @see PROTOCOL §5.8
 */
export class SseSession implements LiveReader, LiveBody, TimedSession {
  readonly #times: SseTimes
  readonly #sessions: LiveSessions
  readonly #now: () => number
  /** The least cursor to send; cursors never go back. @see PROTOCOL §10.1 */
  readonly #leastCursor: number
  readonly #recycleAt: number
  #live: LiveRead | null = null
  #sink: LiveSink | null = null
  /** Whether the read has come to its end, perhaps before the response was open. */
  #hasEnded = false
  #lastWriteAt: number
  /** Since when the client has not taken what was written; null while it has. */
  #stalledSince: number | null = null

  constructor(
    echoedCursor: number | null,
    random: number,
    times: SseTimes,
    sessions: LiveSessions,
    now: () => number,
  ) {
    this.#times = times
    this.#sessions = sessions
    this.#now = now
    this.#lastWriteAt = now()
    this.#leastCursor = nextCursor(this.#lastWriteAt, echoedCursor, random)
    this.#recycleAt = this.#lastWriteAt + times.sseRecycleMs
  }

  /** Joins the two sides; the read starts when the response is open. */
  attach(live: LiveRead): void {
    this.#live = live
  }

  open(sink: LiveSink): void {
    if (this.#hasEnded) {
      sink.end()
      return
    }
    this.#sink = sink
    this.#sessions.add(this)
    this.#live?.resume()
  }

  deliver(batch: LiveBatch): boolean {
    const nowMs = this.#now()
    const current = currentCursor(nowMs)
    const cursor = Math.max(current, this.#leastCursor)
    const frame = batch.frame(`sse:${cursor}`, () => formatFrame(batch, cursor))
    return this.#write(frame, nowMs)
  }

  end(reason: LiveEnd): void {
    this.#hasEnded = true
    const sink = this.#leave()
    if (reason === 'failed') sink?.destroy()
    else sink?.end()
  }

  onDrain(): void {
    this.#stalledSince = null
    this.#live?.resume()
  }

  onClose(): void {
    this.#live?.stop()
    this.#leave()
  }

  onTick(nowMs: number): void {
    if (this.#stalledSince !== null) {
      if (nowMs - this.#stalledSince < this.#times.stallTimeoutMs) return
      this.#live?.stop()
      this.#leave()?.destroy()
    } else if (nowMs >= this.#recycleAt) {
      this.#live?.stop()
      this.#leave()?.end()
    } else if (nowMs - this.#lastWriteAt >= this.#times.sseHeartbeatMs) {
      this.#write(SSE_HEARTBEAT, nowMs)
    }
  }

  #write(chunk: Uint8Array, nowMs: number): boolean {
    if (this.#sink === null) return false
    this.#lastWriteAt = nowMs
    const hasRoom = this.#sink.write(chunk)
    if (!hasRoom) this.#stalledSince ??= nowMs
    return hasRoom
  }

  #leave(): LiveSink | null {
    const sink = this.#sink
    this.#sink = null
    this.#sessions.remove(this)
    return sink
  }
}

function formatFrame(batch: LiveBatch, cursor: number): Uint8Array {
  const control = formatSseControl({
    nextOffset: batch.next,
    cursor: batch.closed ? null : cursor,
    upToDate: batch.reachesTail,
    closed: batch.closed,
  })
  const data = batch.frame('sse-data', () => formatSseData(batch.kind, batch.pieces))
  return data.length === 0 ? control : joinBytes([data, control])
}
