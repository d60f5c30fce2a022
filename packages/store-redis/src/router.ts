import type { RedisLink } from './redis-link.js'

/** Knows which server has which bucket. */
export interface Router {
  /** Begins to connect. */
  start(): void
  /** The link to the server that has a bucket; null while nobody is known to have it. */
  linkOf(bucket: number): RedisLink | null
  /** The link to a server that another one has named. */
  linkAt(address: string): RedisLink
  /** A server says that it does not have a bucket: finds out who does. */
  refresh(): Promise<void>
  /** Every link that serves something. */
  links(): readonly RedisLink[]
  bucketsOf(link: RedisLink): readonly number[]
  /** Whether some buckets are known to be nowhere. */
  hasGaps(): boolean
  close(): void
}

/** How links are made. */
export type OpenLink = (address: string) => RedisLink

/** One server, or a master that sentinels name, has everything. */
export class SingleRouter implements Router {
  readonly #link: RedisLink
  readonly #buckets: readonly number[]

  constructor(link: RedisLink, buckets: number) {
    this.#link = link
    this.#buckets = Array.from({ length: buckets }, (_, bucket) => bucket)
  }

  start(): void {
    this.#link.start()
  }

  linkOf(): RedisLink {
    return this.#link
  }

  linkAt(): RedisLink {
    return this.#link
  }

  refresh(): Promise<void> {
    return Promise.resolve()
  }

  links(): readonly RedisLink[] {
    return [this.#link]
  }

  bucketsOf(): readonly number[] {
    return this.#buckets
  }

  hasGaps(): boolean {
    return false
  }

  close(): void {
    this.#link.close()
  }
}
