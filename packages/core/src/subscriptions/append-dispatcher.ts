import type { Environment } from '../streams/environment.js'
import type { PatternIndex } from './pattern-index.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamStore } from '../store/contract.js'
import type { Subscription } from './subscription.js'
import { liveRecord } from './stream-tails.js'

export interface DispatcherContext {
  readonly store: StreamStore
  readonly environment: Environment
  readonly index: PatternIndex<Subscription>
  readonly maxNoticed: number
  /** Whether other nodes may have made subscriptions that this one has not heard of. */
  readonly isShared: boolean
  readonly onOverflow: () => void
  readonly onFault: (error: unknown) => void
}

/** How many streams, and how many subscriptions, are gone through in one turn of the event loop. */
const SLICE_STREAMS = 256
const SLICE_NOTICES = 2_000
/**
 * After a round that took so long, appends gather for some times as long before the next one, so that busy streams
 * with very many subscriptions leave most of the time to other work. In milliseconds.
 */
const PAUSE_PER_WORK = 4
const PAUSE_MS = { least: 1, most: 50 } as const
/** For about how long, and how many, appends are remembered for subscriptions that are yet to be heard of. */
const RECENT_MS = 3_000
const MAX_RECENT = 10_000
const NO_KEYS: readonly string[] = []

/**
 * Carries appends to the subscriptions that they concern. An append itself adds its path to a set, and nothing more;
 * everything else happens afterwards, for many appends at once.
 */
export class AppendDispatcher {
  readonly #context: DispatcherContext
  readonly #appended = new Set<StreamPath>()
  /** Appends of the last seconds, in two parts so that the older one can be forgotten. */
  #recent = new Set<StreamPath>()
  #lessRecent = new Set<StreamPath>()
  #recentSince = 0
  #isScheduled = false
  #flushing: Promise<void> = Promise.resolve()
  #lastFlushAt = 0
  #pauseMs: number = PAUSE_MS.least

  constructor(context: DispatcherContext) {
    this.#context = context
  }

  /** A stream has grown; `isEmpty` if no subscription is known that it could concern. */
  note(path: StreamPath, isEmpty: boolean): void {
    if (this.#context.isShared) this.#remember(path)
    if (!isEmpty) this.#add(path)
  }

  /** Looks at the last appends again, because a subscription has turned out to be interested in more streams. */
  replay(): void {
    for (const path of this.#lessRecent) this.#add(path)
    for (const path of this.#recent) this.#add(path)
  }

  #remember(path: StreamPath): void {
    const now = this.#context.environment.now()
    if (now - this.#recentSince >= RECENT_MS) {
      this.#lessRecent = now - this.#recentSince < 2 * RECENT_MS ? this.#recent : new Set()
      this.#recent = new Set()
      this.#recentSince = now
    }
    if (this.#recent.size < MAX_RECENT) this.#recent.add(path)
  }

  #add(path: StreamPath): void {
    if (this.#appended.size >= this.#context.maxNoticed) {
      this.#context.onOverflow()
      return
    }
    this.#appended.add(path)
    if (this.#isScheduled) return
    this.#isScheduled = true
    const { environment } = this.#context
    const run = (): void => void this.flush()
    const wait = this.#lastFlushAt + this.#pauseMs - environment.now()
    if (wait > 0 && wait <= this.#pauseMs) environment.schedule(wait, run)
    else environment.defer(run)
  }

  /** Resolves when everything that was noted before has reached its subscriptions. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush()).catch(this.#context.onFault)
    return this.#flushing
  }

  /** Forgets what was noted. */
  stop(): Promise<void> {
    this.#appended.clear()
    return this.#flushing
  }

  async #flush(): Promise<void> {
    const { environment, onFault } = this.#context
    const paths = [...this.#appended]
    this.#appended.clear()
    this.#isScheduled = false
    const startedAt = environment.now()
    for (let i = 0; i < paths.length; i += SLICE_STREAMS) {
      const slice = paths.slice(i, i + SLICE_STREAMS)
      await Promise.all(slice.map((path) => this.#dispatch(path).catch(onFault)))
      if (i + SLICE_STREAMS < paths.length) await this.#yield()
    }
    this.#lastFlushAt = environment.now()
    const workedMs = this.#lastFlushAt - startedAt
    this.#pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, PAUSE_PER_WORK * workedMs))
  }

  async #dispatch(path: StreamPath): Promise<void> {
    const { index, store, environment } = this.#context
    const owners = [...index.match(path)].filter((subscription) => subscription.wants(path))
    if (owners.length === 0) return
    // Loaded once for all of them, and after the append.
    const record = liveRecord(await store.load(path, NO_KEYS), environment.now())
    for (let i = 0; i < owners.length; i++) {
      if (i > 0 && i % SLICE_NOTICES === 0) await this.#yield()
      owners[i]!.notice(path, record)
    }
  }

  #yield(): Promise<void> {
    return new Promise((resolve) => this.#context.environment.defer(resolve))
  }
}
