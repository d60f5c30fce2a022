import type { Environment } from './environment.js'
import type { LiveEnd, LiveRead, LiveReader } from './live-batch.js'
import type { PageCut, PageReader } from './page-reader.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamStore } from '../store/contract.js'
import { LiveBatch } from './live-batch.js'
import { contentKindOf } from '../protocol/content-type.js'
import { lifecycleOf } from '../decide/stream-state.js'

/** What feeds need of the engine. */
export interface FeedContext {
  readonly store: StreamStore
  readonly pages: PageReader
  readonly environment: Environment
  readonly maxPageBytes: number
}

/**
 * - `reading`: goes through older bytes by itself, at its own pace.
 * - `waiting`: is at the feed's position and gets what arrives.
 * - `stalled`: cannot take more for now.
 * - `ended`
 */
type Status = 'reading' | 'waiting' | 'stalled' | 'ended'

interface Subscription {
  readonly reader: LiveReader
  readonly onLeave: () => void
  readonly streamId: StreamId
  position: number
  status: Status
  /** Whether it has been told where it is. */
  hasStarted: boolean
  /** Whether a loop is reading on for it; there is never a second one. */
  isLooping: boolean
}

/** How many readers are served before other work gets its turn. */
const SLICE = 128
/** How long to rest after the store failed before readers are served again. */
const RETRY_MS = 1_000
/** On a store with several nodes a wake-up may be lost; this bounds the delay. */
const RECHECK_MS = 2_000

/**
 * The live readers of one path. Fresh bytes are read once and handed to every reader that waits at their
 * position; a reader that is elsewhere reads from its own position until it has caught up. A wake-up from the
 * store is only a hint: what counts is what a load finds.
 */
export class LiveFeed {
  readonly #path: StreamPath
  readonly #context: FeedContext
  readonly #onEmpty: () => void
  readonly #unwatch: () => void
  readonly #subscriptions = new Set<Subscription>()
  /** The incarnation and the position up to which waiting readers were served; null when nobody waits. */
  #served: { readonly streamId: StreamId; readonly position: number } | null = null
  #wakes = 0
  #isDispatching = false
  #cancelTouching: (() => void) | null = null
  #cancelRecheck: (() => void) | null = null

  constructor(path: StreamPath, context: FeedContext, onEmpty: () => void) {
    this.#path = path
    this.#context = context
    this.#onEmpty = onEmpty
    this.#unwatch = context.store.watch(path, () => this.#wake())
    if (context.store.capabilities.multiNode) this.#recheckLater()
  }

  /**
   * Adds a reader at a position of an incarnation, which was found live a moment ago. Nothing is delivered
   * before its first `resume`. `onLeave` is called when it is gone, whoever ended it.
   */
  follow(record: StreamRecord, position: number, reader: LiveReader, onLeave: () => void): LiveRead {
    const { streamId } = record
    const subscription: Subscription = {
      reader,
      onLeave,
      streamId,
      position,
      status: 'stalled',
      hasStarted: false,
      isLooping: false,
    }
    this.#subscriptions.add(subscription)
    if (record.expiry.kind === 'ttl') this.#touchRegularly(record.expiry.seconds)
    return {
      resume: () => {
        if (subscription.status === 'stalled') void this.#catchUp(subscription)
      },
      stop: () => this.#remove(subscription),
    }
  }

  /** Ends every reader. */
  endAll(reason: LiveEnd): void {
    for (const subscription of this.#subscriptions) this.#end(subscription, reason)
  }

  /** Reads on from the subscription's own position until it can wait for what arrives. */
  async #catchUp(subscription: Subscription): Promise<void> {
    subscription.status = 'reading'
    if (subscription.isLooping) return
    subscription.isLooping = true
    try {
      while (isStill(subscription, 'reading')) {
        const wakes = this.#wakes
        const record = await this.#loadLive(subscription.streamId)
        if (!isStill(subscription, 'reading')) return
        if (record === null) {
          this.#end(subscription, 'deleted')
          return
        }
        const progressed = await this.#readOn(subscription, record)
        if (!progressed && wakes === this.#wakes && isStill(subscription, 'reading')) this.#join(subscription)
      }
    } catch {
      this.#retryLater(subscription)
    } finally {
      subscription.isLooping = false
    }
  }

  /** Delivers one page; false when there was nothing to deliver. */
  async #readOn(subscription: Subscription, record: StreamRecord): Promise<boolean> {
    const { position, hasStarted } = subscription
    if (position === record.tail && hasStarted && !record.closed) return false
    const batch = await this.#makeBatch(record, position)
    if (batch === null || !isStill(subscription, 'reading')) return true
    if (batch.to === position && hasStarted && !batch.closed) return false
    this.#deliver(subscription, batch)
    return true
  }

  #join(subscription: Subscription): void {
    const { streamId, position } = subscription
    const served = this.#served
    if (served?.streamId === streamId && served.position > position) return
    if (served?.streamId !== streamId) this.#served = { streamId, position }
    subscription.status = 'waiting'
  }

  #wake(): void {
    this.#wakes++
    if (this.#isDispatching || this.#subscriptions.size === 0) return
    this.#isDispatching = true
    this.#context.environment.defer(() => void this.#dispatch())
  }

  /** Serves the waiting readers until no wake-up has come in between. */
  async #dispatch(): Promise<void> {
    let wakes: number
    try {
      do {
        wakes = this.#wakes
        await this.#serveWaiting()
      } while (wakes !== this.#wakes)
    } catch {
      for (const subscription of this.#subscriptions) {
        if (subscription.status === 'waiting') this.#retryLater(subscription)
      }
    } finally {
      this.#isDispatching = false
    }
  }

  async #serveWaiting(): Promise<void> {
    for (;;) {
      const waiting = [...this.#subscriptions].filter(({ status }) => status === 'waiting')
      const served = this.#served
      if (waiting.length === 0 || served === null) {
        this.#served = null
        return
      }
      const record = await this.#loadLive(served.streamId)
      if (record === null) {
        await this.#inSlices(waiting, (subscription) => this.#end(subscription, 'deleted'))
        this.#served = null
        return
      }
      if (served.position === record.tail && !record.closed) return
      const batch = await this.#makeBatch(record, served.position)
      if (batch === null) continue
      if (batch.to === batch.from && !batch.closed) return
      await this.#inSlices(waiting, (subscription) => this.#serve(subscription, batch))
      this.#served = { streamId: record.streamId, position: batch.to }
      if (batch.closed) return
    }
  }

  #serve(subscription: Subscription, batch: LiveBatch): void {
    if (subscription.status !== 'waiting') return
    if (subscription.position === batch.from) this.#deliver(subscription, batch)
    else if (subscription.position < batch.to || batch.closed) void this.#catchUp(subscription)
  }

  #deliver(subscription: Subscription, batch: LiveBatch): void {
    subscription.hasStarted = true
    subscription.position = batch.to
    const wantsMore = subscription.reader.deliver(batch)
    if (subscription.status === 'ended') return
    if (batch.closed) this.#end(subscription, 'closed')
    else if (!wantsMore) subscription.status = 'stalled'
  }

  /** The record if the path still holds this incarnation, live. */
  async #loadLive(streamId: StreamId): Promise<StreamRecord | null> {
    const loaded = await this.#context.store.load(this.#path, [])
    const isLive = lifecycleOf(loaded, this.#context.environment.now()) === 'live'
    return isLive && loaded?.record.streamId === streamId ? loaded.record : null
  }

  async #makeBatch(record: StreamRecord, from: number): Promise<LiveBatch | null> {
    const kind = contentKindOf(record.contentType)
    const cut: PageCut = kind === 'json' ? 'message' : kind === 'text' ? 'character' : 'anywhere'
    const page = await this.#context.pages.readPage(record, from, this.#context.maxPageBytes, cut)
    return page === null ? null : new LiveBatch(record, page)
  }

  async #inSlices(
    waiting: readonly Subscription[],
    serve: (subscription: Subscription) => void,
  ): Promise<void> {
    for (let i = 0; i < waiting.length; i++) {
      if (i > 0 && i % SLICE === 0) {
        await new Promise<void>((resolve) => this.#context.environment.defer(resolve))
      }
      serve(waiting[i]!)
    }
  }

  #retryLater(subscription: Subscription): void {
    if (subscription.status === 'ended') return
    subscription.status = 'stalled'
    this.#context.environment.schedule(RETRY_MS, () => {
      if (subscription.status === 'stalled') void this.#catchUp(subscription)
    })
  }

  /** A stream that is being followed is in use, and its sliding window does not run out. @see PROTOCOL §5.1 */
  #touchRegularly(seconds: number): void {
    if (this.#cancelTouching !== null) return
    const { store, environment } = this.#context
    const again = (): void => {
      this.#cancelTouching = environment.schedule(Math.min(seconds * 333, 60_000), () => {
        void Promise.resolve(store.touch(this.#path, environment.now())).catch(() => undefined)
        again()
      })
    }
    again()
  }

  #recheckLater(): void {
    this.#cancelRecheck = this.#context.environment.schedule(RECHECK_MS, () => {
      this.#wake()
      this.#recheckLater()
    })
  }

  #end(subscription: Subscription, reason: LiveEnd): void {
    if (subscription.status === 'ended') return
    this.#remove(subscription)
    subscription.reader.end(reason)
  }

  #remove(subscription: Subscription): void {
    if (subscription.status === 'ended') return
    subscription.status = 'ended'
    this.#subscriptions.delete(subscription)
    subscription.onLeave()
    if (this.#subscriptions.size > 0) return
    this.#unwatch()
    this.#cancelTouching?.()
    this.#cancelRecheck?.()
    this.#onEmpty()
  }
}

/** A call, so that no status is taken for unchanged across an await. */
function isStill(subscription: Subscription, status: Status): boolean {
  return subscription.status === status
}
