import type { ForkContext, ForkMaker } from './fork-maker.js'
import type { StreamPath } from '../protocol/branded.js'
import { SETTLE_AFTER_MS } from '../store/record.js'
import { asFault } from './committer.js'
import { decideCollect } from '../decide/delete.js'

/** How many due streams are asked for at a time. */
const ROUND = 256
/** How many of them are looked at at a time, so that their commits can share the store's work. */
const AT_ONCE = 16
/** How many streams one round looks at in all; the next round goes on. */
const MAX_SEEN = 16_384
/** How long a stream that could not be settled is left alone, in milliseconds. */
const REST_MS = 5_000
/** How many streams may rest; over it, the ones that have rested longest are tried again. */
const MAX_RESTING = 10_000

/** Looks after streams that nobody asks for: it ends expired ones and finishes what a crash left half done. */
export class Sweeper {
  readonly #context: ForkContext
  readonly #forks: ForkMaker
  /** Streams that could not be settled, and until when to leave them alone. */
  readonly #resting = new Map<StreamPath, number>()
  #cancel: (() => void) | null = null
  #isStopped = false
  #sweeping: Promise<void> = Promise.resolve()

  constructor(context: ForkContext, forks: ForkMaker) {
    this.#context = context
    this.#forks = forks
  }

  /** Begins to sweep from time to time, unless that was done before. */
  start(): void {
    const { limits } = this.#context
    if (limits.sweepIntervalMs > 0 && this.#cancel === null && !this.#isStopped) this.#sweepLater()
  }

  /** Resolves when the round under way has ended; there is none after it. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#sweeping
  }

  /** One round over the streams that are due now. */
  async sweep(): Promise<void> {
    const { store, environment } = this.#context
    const seen = new Set<StreamPath>()
    try {
      for (;;) {
        const due = await store.due(environment.now(), ROUND + this.#resting.size + seen.size)
        const paths = due.filter((path) => !seen.has(path) && !this.#isResting(path)).slice(0, ROUND)
        for (const path of paths) seen.add(path)
        for (let i = 0; i < paths.length && !this.#isStopped; i += AT_ONCE) {
          await Promise.all(paths.slice(i, i + AT_ONCE).map((path) => this.#collectSafely(path)))
        }
        if (paths.length < ROUND || seen.size >= MAX_SEEN || this.#isStopped) return
        await new Promise<void>((resolve) => environment.defer(resolve))
      }
    } catch (error) {
      this.#context.onFault(asFault(error))
    }
  }

  /** Does for one stream what is due: settles forks that were begun, ends it if it is over, removes its remains. */
  async collect(path: StreamPath): Promise<void> {
    const { store, writer, environment } = this.#context
    const loaded = await store.load(path, [])
    if (loaded === null) return
    const { record } = loaded
    const isOld = (since: number | null): boolean =>
      since !== null && since + SETTLE_AFTER_MS <= environment.now()
    for (const pending of record.pendingForks) {
      if (isOld(pending.since)) await this.#forks.settleNote(path, record.streamId, pending)
    }
    if (record.state !== 'removing' && isOld(record.unsettledSince))
      await this.#forks.settleFork(path, loaded)
    const outcome = await writer.submit(path, { entryKeys: [], byteLength: 0, decide: decideCollect })
    await this.#forks.follow(path, outcome)
  }

  #sweepLater(): void {
    const { environment, limits } = this.#context
    this.#cancel = environment.schedule(limits.sweepIntervalMs, () => {
      this.#sweeping = this.sweep().then(() => {
        if (!this.#isStopped) this.#sweepLater()
      })
    })
  }

  /** One stream that cannot be settled does not keep the others from it. */
  async #collectSafely(path: StreamPath): Promise<void> {
    try {
      await this.collect(path)
    } catch (error) {
      this.#rest(path)
      this.#context.onFault(asFault(error))
    }
  }

  #rest(path: StreamPath): void {
    this.#resting.delete(path)
    this.#resting.set(path, this.#context.environment.now() + REST_MS)
    if (this.#resting.size <= MAX_RESTING) return
    for (const oldest of this.#resting.keys()) {
      this.#resting.delete(oldest)
      return
    }
  }

  #isResting(path: StreamPath): boolean {
    const until = this.#resting.get(path)
    if (until === undefined) return false
    if (until > this.#context.environment.now()) return true
    this.#resting.delete(path)
    return false
  }
}
