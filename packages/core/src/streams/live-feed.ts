import type { Environment } from './environment.js'
import type { LiveEnd, LiveRead, LiveReader } from './live-batch.js'
import type { PageCut, PageReader } from './page-reader.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { RecentBatches } from './recent-batches.js'
import type { StreamStore } from '../store/contract.js'
import type { Turns } from './turns.js'
import { LiveBatch } from './live-batch.js'
import { Subscription } from './live-subscription.js'
import { contentKindOf } from '../protocol/content-type.js'
import { lifecycleOf } from '../decide/stream-state.js'

/** What feeds need of the engine. */
export interface FeedContext {
  readonly store: StreamStore
  readonly pages: PageReader
  readonly recent: RecentBatches
  readonly turns: Turns
  readonly environment: Environment
  readonly maxBatchBytes: number
}

/** How many readers are served before other work gets its turn. */
const SLICE = 128
/** How long to rest after the store failed before readers are served again. */
const RETRY_MS = 1_000
/** On a store with several nodes a wake-up may be lost; this bounds the delay. */
const RECHECK_MS = 2_000
/** How often the bytes of a live stream may be missing before its reader is told that the read failed. */
const MAX_MISSES = 3

/**
 * The live readers of one path. A reader goes through older bytes by itself, at its own pace, until it has seen all
 * there is; then it waits. Fresh bytes are read once and handed to every reader that waits where they begin.
 *
 * A wake-up from the store is only a hint: what counts is what a load finds. Two rules make that safe. A reader
 * starts to wait only if no wake-up came since its last load began. And every round that serves waiting readers
 * first notes who waits, then loads, and judges those readers, and no others, by what it has loaded.
 */
export class LiveFeed {
  readonly #path: StreamPath
  readonly #context: FeedContext
  readonly #onEmpty: () => void
  readonly #unwatch: () => void
  readonly #subscriptions = new Set<Subscription>()
  #wakes = 0
  #isDispatching = false
  #touchEveryMs = Infinity
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
   * Adds a reader at a position of an incarnation, which was found live a moment ago. Nothing is delivered before
   * its first `resume`. `onLeave` is called when it is gone, whoever ended it.
   */
  follow(record: StreamRecord, position: number, reader: LiveReader, onLeave: () => void): LiveRead {
    const subscription = new Subscription(reader, record.streamId, position, onLeave)
    this.#subscriptions.add(subscription)
    if (record.expiry.kind === 'ttl') this.#touchRegularly(record.expiry.seconds)
    return {
      resume: () => {
        if (subscription.is('stalled')) void this.#catchUp(subscription)
      },
      stop: () => this.#remove(subscription),
    }
  }

  /** Ends every reader. */
  endAll(reason: LiveEnd): void {
    for (const subscription of this.#subscriptions) this.#end(subscription, reason)
  }

  /** Reads on from the subscription's own position until it has seen everything and can wait. */
  async #catchUp(subscription: Subscription): Promise<void> {
    subscription.status = 'reading'
    if (subscription.isLooping) return
    subscription.isLooping = true
    let misses = 0
    try {
      while (subscription.is('reading')) {
        if (subscription.hasStarted) await this.#context.turns.next()
        const wakes = this.#wakes
        const record = await this.#loadLive(subscription.streamId)
        if (!subscription.is('reading')) break
        if (record === null) {
          this.#end(subscription, 'deleted')
          break
        }
        const step = await this.#readOn(subscription, record)
        if (step === 'missing' && ++misses === MAX_MISSES) this.#end(subscription, 'failed')
        if (step === 'nothing' && wakes === this.#wakes && subscription.is('reading')) {
          subscription.status = 'waiting'
        }
      }
    } catch {
      this.#retryLater(subscription)
    } finally {
      subscription.isLooping = false
    }
  }

  /** Delivers one page, if there is something that the reader has not been told. */
  async #readOn(
    subscription: Subscription,
    record: StreamRecord,
  ): Promise<'delivered' | 'nothing' | 'missing'> {
    const { position, hasStarted } = subscription
    if (position === record.tail && hasStarted && !record.closed) return 'nothing'
    const batch = await this.#makeBatch(record, position)
    if (batch === null) return 'missing'
    if (batch.to === position && hasStarted && !batch.closed) return 'nothing'
    if (subscription.is('reading')) this.#deliver(subscription, batch)
    return 'delivered'
  }

  #wake(): void {
    this.#wakes++
    if (this.#isDispatching || this.#subscriptions.size === 0) return
    this.#isDispatching = true
    this.#context.environment.defer(() => void this.#dispatch())
  }

  /** Serves the waiting readers until there is nothing new for them and no wake-up has come in between. */
  async #dispatch(): Promise<void> {
    let wakes: number
    let hasServed: boolean
    do {
      wakes = this.#wakes
      hasServed = await this.#serveWaiting()
    } while (hasServed || wakes !== this.#wakes)
    this.#isDispatching = false
  }

  /** One round; true when somebody was given something. */
  async #serveWaiting(): Promise<boolean> {
    const waiting = [...this.#subscriptions].filter((subscription) => subscription.is('waiting'))
    if (waiting.length === 0) return false
    try {
      const record = await this.#loadLive(null)
      const dead = waiting.filter(({ streamId }) => streamId !== record?.streamId)
      await this.#inSlices(dead, (subscription) => this.#end(subscription, 'deleted'))
      let hasServed = false
      for (const [position, group] of record === null ? [] : groupBehind(waiting, record)) {
        const batch = await this.#makeBatch(record!, position)
        if (batch !== null && batch.to === position && !batch.closed) continue
        hasServed = true
        await this.#inSlices(group, (subscription) => {
          if (!subscription.is('waiting') || subscription.position !== position) return
          if (batch === null) void this.#catchUp(subscription)
          else this.#deliver(subscription, batch)
        })
      }
      return hasServed
    } catch {
      for (const subscription of waiting) this.#retryLater(subscription)
      return false
    }
  }

  #deliver(subscription: Subscription, batch: LiveBatch): void {
    subscription.hasStarted = true
    subscription.position = batch.to
    const wantsMore = subscription.reader.deliver(batch)
    if (subscription.is('ended')) return
    if (batch.closed) this.#end(subscription, 'closed')
    else if (!wantsMore) subscription.status = 'stalled'
  }

  /** The record if the path holds a live stream, and this incarnation if one is named. */
  async #loadLive(streamId: StreamId | null): Promise<StreamRecord | null> {
    const loaded = await this.#context.store.load(this.#path, [])
    if (loaded === null || lifecycleOf(loaded, this.#context.environment.now()) !== 'live') return null
    return streamId === null || loaded.record.streamId === streamId ? loaded.record : null
  }

  async #makeBatch(record: StreamRecord, from: number): Promise<LiveBatch | null> {
    const kind = contentKindOf(record.contentType)
    const cut: PageCut = kind === 'json' ? 'message' : kind === 'text' ? 'character' : 'anywhere'
    const { pages, recent, maxBatchBytes } = this.#context
    const kept = recent.find(record, from)
    if (kept !== null) return kept
    const page = await pages.readPage(this.#path, record, from, maxBatchBytes, cut)
    if (page === null) return null
    const batch = new LiveBatch(record, page)
    recent.keep(record, batch)
    return batch
  }

  async #inSlices(
    subscriptions: readonly Subscription[],
    serve: (subscription: Subscription) => void,
  ): Promise<void> {
    for (let i = 0; i < subscriptions.length; i++) {
      if (i > 0 && i % SLICE === 0) {
        await new Promise<void>((resolve) => this.#context.environment.defer(resolve))
      }
      serve(subscriptions[i]!)
    }
  }

  /** The store failed: the reader stays, and its read goes on when the store may be well again. */
  #retryLater(subscription: Subscription): void {
    if (!subscription.is('waiting') && !subscription.is('reading')) return
    subscription.status = 'resting'
    this.#context.environment.schedule(RETRY_MS, () => {
      if (subscription.is('resting')) void this.#catchUp(subscription)
    })
  }

  /** A stream that is being followed is in use, and its sliding window does not run out. @see PROTOCOL §5.1 */
  #touchRegularly(seconds: number): void {
    const everyMs = Math.min(seconds * 333, 60_000)
    if (everyMs >= this.#touchEveryMs) return
    this.#touchEveryMs = everyMs
    this.#cancelTouching?.()
    this.#cancelTouching = this.#context.environment.schedule(everyMs, () => {
      this.#touchEveryMs = Infinity
      void this.#touch(seconds)
    })
  }

  /** Moves the window of what is live at the path by now, which may be another incarnation, with a window of its own. */
  async #touch(lastSeconds: number): Promise<void> {
    const { store, environment } = this.#context
    let seconds = lastSeconds
    try {
      const record = await this.#loadLive(null)
      if (record?.expiry.kind !== 'ttl') return
      seconds = record.expiry.seconds
      await store.touch(this.#path, record.streamId, environment.now())
    } catch {
      // The store failed, and the next time is soon enough.
    }
    if (this.#subscriptions.size > 0) this.#touchRegularly(seconds)
  }

  #recheckLater(): void {
    this.#cancelRecheck = this.#context.environment.schedule(RECHECK_MS, () => {
      this.#wake()
      this.#recheckLater()
    })
  }

  #end(subscription: Subscription, reason: LiveEnd): void {
    if (subscription.is('ended')) return
    this.#remove(subscription)
    subscription.reader.end(reason)
  }

  #remove(subscription: Subscription): void {
    if (subscription.is('ended')) return
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

/** The waiting readers for whom the record has something, by position; most often they are all at one. */
function groupBehind(waiting: readonly Subscription[], record: StreamRecord): Map<number, Subscription[]> {
  const groups = new Map<number, Subscription[]>()
  for (const subscription of waiting) {
    const { position, streamId } = subscription
    if (streamId !== record.streamId || (position >= record.tail && !record.closed)) continue
    const group = groups.get(position)
    if (group === undefined) groups.set(position, [subscription])
    else group.push(subscription)
  }
  return groups
}
