import type { KeyNames } from './keys.js'
import type { StreamPath } from '@ds/core'
import type { Subscriber, SubscriberListener } from './subscriber.js'

/** What wake-ups need to know of their surroundings. */
export interface WakeUpSettings {
  readonly keys: KeyNames
  /** Where the bucket's messages are published now; null while that is not known. */
  readonly addressOf: (bucket: number) => string | null
  readonly openSubscriber: (address: string, listener: Omit<SubscriberListener, 'onMoved'>) => Subscriber
}

/** One path that is watched, or was until a moment ago. */
interface WatchedPath {
  readonly path: StreamPath
  readonly bucket: number
  readonly channel: string
  readonly watchers: Set<{ readonly wake: () => void }>
  /** Where its messages are awaited; null for nowhere yet. */
  address: string | null
  /** The last commits that its watchers were woken for. */
  readonly told: string[]
  unwatchedSince: number
}

/** How long a path stays subscribed without watchers, because long-polls come back. */
const LINGER_MS = 5_000
const MAX_TOLD = 16

/**
 * Wakes those who watch a path when any node has committed. Each path has a channel of its own; a node has one
 * connection for all channels of a server. Messages may be lost, so those who watch look by themselves now and then.
 */
export class WakeUps {
  readonly #settings: WakeUpSettings
  readonly #paths = new Map<StreamPath, WatchedPath>()
  readonly #channels = new Map<string, WatchedPath>()
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #sweeping: NodeJS.Timeout

  constructor(settings: WakeUpSettings) {
    this.#settings = settings
    this.#sweeping = setInterval(() => this.#sweep(), LINGER_MS)
    this.#sweeping.unref()
  }

  watch(path: StreamPath, wake: () => void): () => void {
    const watched = this.#paths.get(path) ?? this.#add(path)
    const watcher = { wake }
    watched.watchers.add(watcher)
    return () => {
      watched.watchers.delete(watcher)
      watched.unwatchedSince = Date.now()
    }
  }

  /** This node has committed: its own watchers need not wait for the message. */
  committed(path: StreamPath, commitId: string): void {
    const watched = this.#paths.get(path)
    if (watched !== undefined) tell(watched, commitId)
  }

  /** Some buckets may be served by other servers now. */
  reroute(): void {
    for (const watched of this.#paths.values()) this.#subscribe(watched)
  }

  /** Ends connections to servers that serve nothing any more. */
  retain(addresses: ReadonlySet<string>): void {
    for (const [address, subscriber] of this.#subscribers) {
      if (addresses.has(address)) continue
      this.#subscribers.delete(address)
      subscriber.close()
      for (const watched of this.#paths.values()) if (watched.address === address) watched.address = null
    }
  }

  close(): void {
    clearInterval(this.#sweeping)
    this.retain(new Set())
    this.#paths.clear()
    this.#channels.clear()
  }

  #add(path: StreamPath): WatchedPath {
    const { bucket, head: channel } = this.#settings.keys.ofStream(path)
    const watched: WatchedPath = {
      path,
      bucket,
      channel,
      watchers: new Set(),
      address: null,
      told: [],
      unwatchedSince: 0,
    }
    this.#paths.set(path, watched)
    this.#channels.set(channel, watched)
    this.#subscribe(watched)
    return watched
  }

  #subscribe(watched: WatchedPath): void {
    const address = this.#settings.addressOf(watched.bucket)
    if (address === null || address === watched.address) return
    if (watched.address !== null)
      this.#subscribers.get(watched.address)?.remove(watched.bucket, watched.channel)
    watched.address = address
    this.#subscriberAt(address).add(watched.bucket, watched.channel)
  }

  #subscriberAt(address: string): Subscriber {
    let subscriber = this.#subscribers.get(address)
    if (subscriber === undefined) {
      subscriber = this.#settings.openSubscriber(address, {
        onMessage: (channel, commitId) => {
          const watched = this.#channels.get(channel)
          if (watched !== undefined) tell(watched, commitId)
        },
        onSubscribed: (channels) => this.#wakeAll(channels),
      })
      this.#subscribers.set(address, subscriber)
    }
    return subscriber
  }

  /** The subscription has taken effect only now: something may have been missed. */
  #wakeAll(channels: readonly string[]): void {
    for (const channel of channels) {
      const watched = this.#channels.get(channel)
      if (watched !== undefined) wakeWatchers(watched)
    }
  }

  #sweep(): void {
    const until = Date.now() - LINGER_MS
    for (const [path, watched] of this.#paths) {
      if (watched.watchers.size > 0 || watched.unwatchedSince > until) continue
      this.#paths.delete(path)
      this.#channels.delete(watched.channel)
      if (watched.address !== null)
        this.#subscribers.get(watched.address)?.remove(watched.bucket, watched.channel)
    }
  }
}

/** Once per commit, whether its answer or its message comes first. */
function tell(watched: WatchedPath, commitId: string): void {
  if (watched.told.includes(commitId)) return
  watched.told.push(commitId)
  if (watched.told.length > MAX_TOLD) watched.told.shift()
  wakeWatchers(watched)
}

/** Wakes those who were watching when the message came, and are still. */
function wakeWatchers({ watchers }: WatchedPath): void {
  for (const watcher of [...watchers]) if (watchers.has(watcher)) watcher.wake()
}
