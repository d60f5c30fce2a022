import type { OpenLink, Router } from './router.js'
import type { Redis } from 'ioredis'
import type { RedisLink } from './redis-link.js'
import { BUCKET_SLOTS } from './buckets.js'

export interface ClusterSettings {
  /** Nodes to begin with, as `host:port`. */
  readonly seeds: readonly string[]
  readonly openLink: OpenLink
  /** A connection for a single question. */
  readonly openProbe: (address: string) => Redis
  /** Told when buckets have moved, and which servers have any now. */
  readonly onChange: (addresses: ReadonlySet<string>) => void
  readonly onForget: (link: RedisLink) => void
  readonly refreshIntervalMs: number
}

type SlotRange = [from: number, to: number, master: [host: string, port: number, ...rest: unknown[]]]

const PROBE_LIMIT_MS = 2_000

/**
 * Which master of a Redis Cluster has which bucket. Asks the cluster at the beginning, from time to time, and whenever
 * a server says that a slot has moved or a connection breaks.
 */
export class ClusterRouter implements Router {
  readonly #settings: ClusterSettings
  readonly #links = new Map<string, RedisLink>()
  #owners: (string | null)[] = BUCKET_SLOTS.map(() => null)
  #refreshing: Promise<void> | null = null
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(settings: ClusterSettings) {
    this.#settings = settings
  }

  start(): void {
    void this.refresh()
    this.#timer = setInterval(() => void this.refresh(), this.#settings.refreshIntervalMs)
    this.#timer.unref()
  }

  linkOf(bucket: number): RedisLink | null {
    const address = this.#owners[bucket] ?? null
    return address === null ? null : this.linkAt(address)
  }

  linkAt(address: string): RedisLink {
    let link = this.#links.get(address)
    if (link === undefined) {
      link = this.#settings.openLink(address)
      this.#links.set(address, link)
      link.start()
    }
    return link
  }

  /** Callers of the same time share one question. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null))
    return this.#refreshing
  }

  links(): readonly RedisLink[] {
    return [...this.#links.values()]
  }

  bucketsOf(link: RedisLink): readonly number[] {
    const buckets: number[] = []
    this.#owners.forEach((owner, bucket) => {
      if (owner === link.address) buckets.push(bucket)
    })
    return buckets
  }

  hasGaps(): boolean {
    return this.#owners.includes(null)
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }

  async #refresh(): Promise<void> {
    const usable = this.links().filter(({ isUsable }) => isUsable)
    const addresses = new Set([
      ...usable.map(({ address }) => address),
      ...this.#settings.seeds,
      ...this.#links.keys(),
    ])
    for (const address of addresses) {
      const owners = await this.#ask(address)
      if (this.#isClosed) return
      if (owners === null) continue
      this.#adopt(owners)
      return
    }
  }

  /** Null when the node does not answer, or does not know all of the cluster. */
  async #ask(address: string): Promise<(string | null)[] | null> {
    const link = this.#links.get(address)
    if (link?.isUsable === true) {
      return readOwners(address, await link.send('cluster', ['slots']).catch(() => null))
    }
    const probe = this.#settings.openProbe(address)
    probe.on('error', () => undefined)
    const limit = setTimeout(() => probe.disconnect(), PROBE_LIMIT_MS)
    try {
      await probe.connect()
      return readOwners(address, await probe.call('cluster', 'slots'))
    } catch {
      return null
    } finally {
      clearTimeout(limit)
      probe.disconnect()
    }
  }

  #adopt(owners: (string | null)[]): void {
    const hasChanged = owners.some((owner, bucket) => owner !== this.#owners[bucket])
    this.#owners = owners
    const serving = new Set(owners.filter((owner) => owner !== null))
    for (const [address, link] of this.#links) {
      if (serving.has(address)) continue
      this.#links.delete(address)
      this.#settings.onForget(link)
      link.close()
    }
    for (const address of serving) this.linkAt(address)
    if (hasChanged) this.#settings.onChange(serving)
  }
}

/** Reads the answer to CLUSTER SLOTS; an empty host is the one that was asked. */
function readOwners(asked: string, reply: unknown): (string | null)[] | null {
  if (!Array.isArray(reply) || reply.length === 0) return null
  const ranges = reply as SlotRange[]
  const askedHost = asked.slice(0, asked.lastIndexOf(':'))
  return BUCKET_SLOTS.map((slot) => {
    const range = ranges.find(([from, to]) => slot >= from && slot <= to)
    if (range === undefined) return null
    const [host, port] = range[2]
    return `${host === '' ? askedHost : host}:${port}`
  })
}
