import type { Commands } from './commands.js'
import type { KeyNames } from './keys.js'
import type { StreamPath } from '@ds/core'
import { BUCKETS } from './buckets.js'
import { comparePaths } from '@ds/core'

/** Buckets that are asked at a time. */
const AT_ONCE = 64
/** How many more than its share a bucket is asked for. */
const SPARE = 8

/** Answers `list` and `due` from the indexes of all buckets. */
export class Listings {
  readonly #commands: Commands
  readonly #keys: KeyNames
  readonly #scripts: { readonly due: string; readonly reap: string }
  readonly #perCommand: number
  /** Nodes begin at different buckets, so that they do not all do the same work. */
  #dueCursor = { bucket: Math.floor(Math.random() * BUCKETS), offset: 0 }

  /** @param perCommand how many buckets one command may look at: one in a cluster, or else all */
  constructor(
    commands: Commands,
    keys: KeyNames,
    scripts: { readonly due: string; readonly reap: string },
    perCommand: number,
  ) {
    this.#commands = commands
    this.#keys = keys
    this.#scripts = scripts
    this.#perCommand = perCommand
  }

  /** Each bucket gives its first ones; where one may have more, only what comes before its last is certain. */
  async list(prefix: string, after: string, limit: number): Promise<readonly StreamPath[]> {
    const perBucket = Math.min(limit, Math.ceil((2 * limit) / BUCKETS) + SPARE)
    const paths: StreamPath[] = []
    let from = comparePaths(after, prefix) >= 0 && after !== '' ? `(${after}` : `[${prefix}`
    const to = prefix === '' ? '+' : Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)])
    while (paths.length < limit) {
      const pages = await this.#askAll((bucket) => {
        const key = this.#keys.ofBucket(bucket).paths
        return ['zrange', [key, from, to, 'BYLEX', 'LIMIT', '0', String(perBucket)]]
      })
      const cuts = pages.filter((page) => page.length === perBucket).map((page) => page.at(-1)!)
      const cut = cuts.sort(comparePaths)[0]
      const certain = pages.flat().filter((path) => cut === undefined || comparePaths(path, cut) <= 0)
      paths.push(...certain.sort(comparePaths))
      if (cut === undefined) break
      from = `(${cut}`
    }
    return paths.slice(0, limit)
  }

  /** Goes on where the last call was full, so that every stream gets its turn though nobody settles the others. */
  async due(now: number, limit: number): Promise<readonly StreamPath[]> {
    const { bucket: first, offset: firstOffset } = this.#dueCursor
    const paths: StreamPath[] = []
    const step = Math.max(AT_ONCE, this.#perCommand)
    for (let i = 0; i < BUCKETS; i += step) {
      const buckets = Array.from({ length: step }, (_, n) => (first + i + n) % BUCKETS)
      const pages = await this.#duePages(buckets, now, i === 0 ? firstOffset : 0, limit)
      for (const [n, page] of pages.entries()) {
        const bucket = buckets[n]!
        const taken = page.slice(0, limit - paths.length)
        paths.push(...taken)
        if (paths.length < limit) continue
        this.#dueCursor = { bucket, offset: (bucket === first ? firstOffset : 0) + taken.length }
        return this.#withoutGhosts(paths)
      }
    }
    this.#dueCursor = { bucket: first, offset: 0 }
    return this.#withoutGhosts(paths)
  }

  async #duePages(
    buckets: readonly number[],
    now: number,
    firstOffset: number,
    limit: number,
  ): Promise<StreamPath[][]> {
    const asking: Promise<unknown>[] = []
    for (let i = 0; i < buckets.length; i += this.#perCommand) {
      const some = buckets.slice(i, i + this.#perCommand)
      const keys = some.map((bucket) => this.#keys.ofBucket(bucket).due)
      const offset = i === 0 ? firstOffset : 0
      const args = [
        this.#scripts.due,
        String(keys.length),
        ...keys,
        String(now),
        String(limit),
        String(offset),
      ]
      asking.push(this.#commands.send(some[0]!, 'evalsha', () => args))
    }
    return ((await Promise.all(asking)) as StreamPath[][][]).flat()
  }

  /** What Redis has removed by itself is still in the indexes, until somebody looks. */
  async #withoutGhosts(paths: readonly StreamPath[]): Promise<StreamPath[]> {
    const exist = await Promise.all(
      paths.map((path) => {
        const { bucket, head } = this.#keys.ofStream(path)
        return this.#commands.send(bucket, 'exists', () => [head])
      }),
    )
    const ghosts = paths.filter((_, i) => exist[i] === 0)
    await Promise.all(ghosts.map((path) => this.#reap(path)))
    return paths.filter((_, i) => exist[i] !== 0)
  }

  async #reap(path: StreamPath): Promise<void> {
    const { bucket, head } = this.#keys.ofStream(path)
    const { due, paths } = this.#keys.ofBucket(bucket)
    await this.#commands.send(bucket, 'evalsha', () => [this.#scripts.reap, '3', head, due, paths, path])
  }

  async #askAll(
    commandFor: (bucket: number) => [name: string, args: (string | Buffer)[]],
  ): Promise<StreamPath[][]> {
    const pages: StreamPath[][] = []
    for (let from = 0; from < BUCKETS; from += AT_ONCE) {
      const some = Array.from({ length: AT_ONCE }, (_, n) => from + n)
      const replies = await Promise.all(
        some.map((bucket) => {
          const [name, args] = commandFor(bucket)
          return this.#commands.send(bucket, name, () => args) as Promise<StreamPath[]>
        }),
      )
      pages.push(...replies)
    }
    return pages
  }
}
