import type { RedisOptions } from 'ioredis'
import type { RedisStoreSettings } from './options.js'
import type { Router } from './router.js'
import type { ServerGuard } from './server-guard.js'
import type { SubscriberListener } from './subscriber.js'
import { BUCKETS } from './buckets.js'
import { CONNECTION_OPTIONS, RedisLink } from './redis-link.js'
import { ClusterRouter } from './cluster-router.js'
import { Redis } from 'ioredis'
import { SingleRouter } from './router.js'
import { StoreError } from '@ds/core'
import { Subscriber } from './subscriber.js'

const CLUSTER_REFRESH_MS = 5_000

/** Makes connections, and knows when all of them can be used. */
export class Network {
  readonly #settings: RedisStoreSettings
  readonly #guard: ServerGuard
  #onChange: () => void = () => undefined

  constructor(settings: RedisStoreSettings, guard: ServerGuard) {
    this.#settings = settings
    this.#guard = guard
  }

  /** @param onMove told when buckets have moved, and which servers have any now */
  openRouter(onMove: (serving: ReadonlySet<string>) => void): Router {
    const { cluster, url, connection } = this.#settings
    if (cluster === null) {
      const { sentinels, name = '' } = connection
      return new SingleRouter(
        this.#openLink(sentinels === undefined ? addressOf(url, connection) : `master ${name}`),
        BUCKETS,
      )
    }
    return new ClusterRouter({
      seeds: cluster,
      openLink: (address) => this.#openLink(address),
      openProbe: (address) => this.#connect(address, { retryStrategy: () => null }),
      onChange: (serving) => {
        onMove(serving)
        this.#onChange()
      },
      onForget: (link) => this.#guard.forget(link),
      refreshIntervalMs: CLUSTER_REFRESH_MS,
    })
  }

  openSubscriber(address: string, listener: SubscriberListener): Subscriber {
    return new Subscriber(this.#connect(address), this.#settings.cluster !== null, listener)
  }

  #connect(address: string, more: RedisOptions = {}): Redis {
    return this.#settings.connect({ ...this.#optionsFor(address), ...CONNECTION_OPTIONS, ...more })
  }

  /** How to connect to a server. */
  #optionsFor(address: string): RedisOptions {
    const { cluster, url, connection, mapAddress } = this.#settings
    if (cluster === null) return { ...parseUrl(url), ...connection }
    const mapped = mapAddress(address)
    const colon = mapped.lastIndexOf(':')
    return { ...connection, host: mapped.slice(0, colon), port: Number(mapped.slice(colon + 1)) }
  }

  /** Resolves when all servers can be used; rejects when that takes too long or a commit would be refused. */
  async whenUsable(router: Router): Promise<void> {
    const { openTimeoutMs } = this.#settings
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#onChange = () => {
          const links = router.links()
          if (links.length > 0 && !router.hasGaps() && links.every(({ isUsable }) => isUsable)) resolve()
        }
        timer = setTimeout(() => reject(unreachable(router, openTimeoutMs)), openTimeoutMs)
      })
    } finally {
      clearTimeout(timer)
      this.#onChange = () => undefined
    }
    for (const link of router.links()) {
      const refusal = this.#guard.stateOf(link)?.refusal ?? null
      if (refusal !== null) throw new StoreError('unavailable', `Redis at ${link.address}: ${refusal}`)
    }
  }

  #openLink(address: string): RedisLink {
    return new RedisLink(address, this.#optionsFor(address), {
      commandTimeoutMs: this.#settings.commandTimeoutMs,
      connect: this.#settings.connect,
      prepare: (link) => this.#guard.prepare(link),
      onChange: () => this.#onChange(),
    })
  }
}

/** Makes a connection as this store wants it. */
export function connectLegacy(options: RedisOptions): Redis {
  // The same shapes of replies, whichever protocol is spoken.
  return new Redis({ ...options, replyMapping: 'legacy' })
}

function unreachable(router: Router, afterMs: number): StoreError {
  const troubles = router.links().map(({ address, trouble }) => `${address}: ${trouble ?? 'ready'}`)
  const what = troubles.length === 0 ? 'no node of the cluster answers' : troubles.join('; ')
  return new StoreError('unavailable', `Redis could not be reached within ${afterMs} ms: ${what}`)
}

function addressOf(url: string, { host, port, path }: RedisOptions): string {
  if (path !== undefined) return path
  const options = parseUrl(url)
  return `${host ?? options.host}:${port ?? options.port}`
}

/** What a `redis://` or `rediss://` URL says. */
function parseUrl(text: string): RedisOptions & { host: string; port: number } {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new RangeError('the URL of Redis is like redis://user:password@host:6379/0')
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new RangeError(`the URL of Redis begins with redis:// or rediss://, not ${url.protocol}//`)
  }
  const db = url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0
  if (!Number.isInteger(db))
    throw new RangeError(`the path of Redis's URL is a database's number, not ${url.pathname}`)
  return {
    host: url.hostname === '' ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    db,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  }
}
