import type { Redis } from 'ioredis'

/** Who is told what a subscriber hears. */
export interface SubscriberListener {
  readonly onMessage: (channel: string, commitId: string) => void
  /** A subscription has taken effect: what came before it may have been missed. */
  readonly onSubscribed: (channels: readonly string[]) => void
  /** The server does not serve a channel's slot any more. */
  readonly onMoved: () => void
}

/** Channels in one command. */
const AT_ONCE = 500
const RETRY_MS = 500

/** The connection by which a node hears of commits at one server. */
export class Subscriber {
  readonly #redis: Redis
  readonly #isSharded: boolean
  readonly #listener: SubscriberListener
  /** What is to be subscribed to, by bucket: a command names channels of one slot only. */
  readonly #wanted = new Map<number, Set<string>>()
  #fresh: [bucket: number, channel: string][] = []
  #isReady = false
  #isClosed = false

  /** @param isSharded whether channels belong to slots, as in a cluster */
  constructor(redis: Redis, isSharded: boolean, listener: SubscriberListener) {
    this.#redis = redis
    this.#isSharded = isSharded
    this.#listener = listener
    redis.on(isSharded ? 'smessage' : 'message', listener.onMessage)
    redis.on('error', () => undefined)
    redis.on('close', () => (this.#isReady = false))
    redis.on('ready', () => this.#begin())
    redis.on('moved', () => {
      listener.onMoved()
      this.#retryLater()
    })
    redis.connect().catch(() => undefined)
  }

  add(bucket: number, channel: string): void {
    const channels = this.#wanted.get(bucket) ?? new Set()
    this.#wanted.set(bucket, channels.add(channel))
    this.#fresh.push([bucket, channel])
    // Those of the same turn of the event loop share a command.
    if (this.#fresh.length === 1) process.nextTick(() => this.#subscribeFresh())
  }

  remove(bucket: number, channel: string): void {
    const channels = this.#wanted.get(bucket)
    if (channels?.delete(channel) !== true) return
    if (channels.size === 0) this.#wanted.delete(bucket)
    if (!this.#isReady) return
    const removing = this.#isSharded ? this.#redis.sunsubscribe(channel) : this.#redis.unsubscribe(channel)
    removing.catch(() => undefined)
  }

  close(): void {
    this.#isClosed = true
    this.#redis.disconnect()
  }

  #begin(): void {
    this.#isReady = true
    this.#fresh = []
    for (const [bucket, channels] of this.#wanted) this.#subscribe(bucket, [...channels])
  }

  #subscribeFresh(): void {
    const fresh = this.#fresh
    this.#fresh = []
    if (!this.#isReady) return
    const byBucket = new Map<number, string[]>()
    for (const [bucket, channel] of fresh) {
      const group = this.#isSharded ? bucket : 0
      const channels = byBucket.get(group)
      if (channels === undefined) byBucket.set(group, [channel])
      else channels.push(channel)
    }
    for (const [bucket, channels] of byBucket) this.#subscribe(bucket, channels)
  }

  #subscribe(bucket: number, channels: readonly string[]): void {
    for (let i = 0; i < channels.length; i += AT_ONCE) {
      const some = channels.slice(i, i + AT_ONCE)
      const subscribing = this.#isSharded ? this.#redis.ssubscribe(...some) : this.#redis.subscribe(...some)
      subscribing.then(
        () => this.#listener.onSubscribed(some),
        () => this.#retryLater(),
      )
    }
  }

  /** Subscribing again does no harm where it was done before. */
  #retryLater(): void {
    setTimeout(() => {
      if (this.#isReady && !this.#isClosed) this.#begin()
    }, RETRY_MS).unref()
  }
}
