import type { StreamPath } from '../protocol/branded.js'
import type { SubscriptionContext } from './subscription-context.js'
import {
  CONTROL_PREFIX,
  SUBSCRIPTIONS_PREFIX,
  subscriptionIdOf,
  subscriptionPath,
} from './subscription-config.js'
import { EventLog } from './event-log.js'
import { HealingScan } from './healing-scan.js'
import { Subscription } from './subscription.js'
import { decidePurge } from './decide-membership.js'
import { isLive } from './subscription-state.js'

/** Says to other nodes that subscriptions have come or gone; only its changing counts. */
const BELL_PATH = `${CONTROL_PREFIX}subscription-bell` as StreamPath

const PAGE = 256
/** How many subscriptions are opened at a time. */
const AT_ONCE = 16
/** How long after a ring the list is looked at, so that many rings cost one look. */
const BELL_PAUSE_MS = 20
/** How long after something was dropped everything is looked through. */
const SCAN_SOON_MS = 1_000

/** A subscription that is open on this node, and how many requests use it. */
interface Open {
  readonly subscription: Subscription
  users: number
  unwatch: (() => void) | null
}

/**
 * The subscriptions that this node knows. It keeps those that exist, learns of others that nodes make, and looks
 * through everything from time to time.
 */
export class SubscriptionRegistry {
  readonly #context: SubscriptionContext
  readonly #onGrown: () => void
  readonly #open = new Map<string, Open>()
  readonly #scan: HealingScan
  readonly #bell: EventLog<{ rings: number }, 1>
  #unwatchBell: (() => void) | null = null
  #cancelScan: (() => void) | null = null
  #isLearning = false
  #isStarting = true

  /** @param onGrown called when there may be subscriptions for streams that this node has appended to before */
  constructor(context: SubscriptionContext, onGrown: () => void) {
    this.#context = context
    this.#onGrown = onGrown
    this.#scan = new HealingScan(context, () =>
      [...this.#open.values()].map(({ subscription }) => subscription),
    )
    const apply = (state: { rings: number }): void => {
      state.rings++
    }
    const snapshot = (): 1[] => [1]
    this.#bell = new EventLog(BELL_PATH, { empty: () => ({ rings: 0 }), apply, snapshot }, context.logs)
  }

  /** Whether no append can matter. */
  get isEmpty(): boolean {
    return this.#open.size === 0 && !this.#isStarting
  }

  get count(): number {
    let count = 0
    for (const { subscription } of this.#open.values()) if (isLive(subscription.log.state)) count++
    return count
  }

  get problems(): string[] {
    const problems: string[] = []
    for (const { subscription } of this.#open.values()) {
      if (subscription.problem !== null)
        problems.push(`subscription ${subscription.id}: ${subscription.problem}`)
    }
    return problems
  }

  start(): void {
    const { isShared, engine } = this.#context
    if (isShared) this.#unwatchBell = engine.store.watch(BELL_PATH, () => this.#learnSoon())
    void this.#round(true)
  }

  stop(): void {
    this.#unwatchBell?.()
    this.#cancelScan?.()
    for (const open of this.#open.values()) {
      open.unwatch?.()
      open.subscription.stop()
    }
  }

  /** Does something with a subscription that may or may not exist; one that does not is forgotten afterwards. */
  async use<T>(id: string, work: (subscription: Subscription) => Promise<T>): Promise<T> {
    const open = this.#open.get(id) ?? this.#add(id)
    open.users++
    try {
      if (open.users === 1 && !isLive(open.subscription.log.state)) {
        if (await open.subscription.follow()) this.#onGrown()
      }
      return await work(open.subscription)
    } finally {
      open.users--
      this.#settle(id, open)
    }
  }

  /** Has other nodes look at what subscriptions there are. */
  async tellOthers(): Promise<void> {
    if (!this.#context.isShared) return
    // Without it they learn of it at their next round.
    await this.#bell.transact(() => ({ outcome: null, events: [1] })).catch(this.#context.onFault)
  }

  /** Has everything looked through before long. */
  scanSoon(): void {
    if (!this.#isStarting) this.#scheduleRound(SCAN_SOON_MS)
  }

  #add(id: string): Open {
    const open: Open = { subscription: new Subscription(id, this.#context), users: 0, unwatch: null }
    this.#open.set(id, open)
    return open
  }

  /** Keeps what exists, and watches it where others may change it. */
  #settle(id: string, open: Open): void {
    const { subscription } = open
    const exists = isLive(subscription.log.state)
    if (!exists && open.users === 0 && this.#open.get(id) === open) {
      open.unwatch?.()
      subscription.stop()
      this.#open.delete(id)
    } else if (exists && open.unwatch === null && this.#context.isShared) {
      const follow = (): void => this.#context.work.add(() => this.#follow(id, open))
      let isFollowing = false
      open.unwatch = this.#context.engine.store.watch(subscriptionPath(id), () => {
        if (isFollowing) return
        isFollowing = true
        this.#context.environment.defer(() => {
          isFollowing = false
          follow()
        })
      })
    }
  }

  async #follow(id: string, open: Open): Promise<void> {
    if (this.#context.isStopping()) return
    open.users++
    try {
      if (await open.subscription.follow()) this.#onGrown()
    } catch (error) {
      this.#context.onFault(error)
    } finally {
      open.users--
      this.#settle(id, open)
    }
  }

  #learnSoon(): void {
    if (this.#isLearning) return
    this.#isLearning = true
    this.#context.environment.schedule(BELL_PAUSE_MS, () => {
      this.#isLearning = false
      void this.#learn(false).catch(this.#context.onFault)
    })
  }

  /** Opens what is listed and not open yet. @param all whether to look at what is open, too */
  async #learn(all: boolean): Promise<void> {
    const { engine, environment, isStopping } = this.#context
    for (let after = ''; !isStopping();) {
      const page = await engine.store.list(SUBSCRIPTIONS_PREFIX, after, PAGE)
      if (page.length === 0) return
      after = page.at(-1)!
      const ids = page.map(subscriptionIdOf).filter((id) => all || !this.#open.has(id))
      for (let i = 0; i < ids.length; i += AT_ONCE) {
        await Promise.all(ids.slice(i, i + AT_ONCE).map((id) => this.use(id, (one) => this.#meet(one))))
      }
      await new Promise<void>((resolve) => environment.defer(resolve))
    }
  }

  async #meet(subscription: Subscription): Promise<void> {
    const { isShared, limits } = this.#context
    if (isShared && (await subscription.follow())) this.#onGrown()
    subscription.poke()
    if (subscription.log.state.deletedAt === null) return
    await subscription.transact((state, now) => decidePurge(state, limits.tombstoneMs, now))
  }

  async #round(isFirst: boolean): Promise<void> {
    const { isShared, limits, onFault } = this.#context
    try {
      await this.#learn(isFirst || isShared)
      if (isFirst) this.#isStarting = false
      if (this.#open.size > 0) await this.#scan.run()
    } catch (error) {
      onFault(error)
    }
    this.#scheduleRound(this.#isStarting ? SCAN_SOON_MS : limits.scanIntervalMs)
  }

  #scheduleRound(delayMs: number): void {
    if (this.#context.isStopping() || delayMs === 0) return
    this.#cancelScan?.()
    this.#cancelScan = this.#context.environment.schedule(delayMs, () => {
      this.#cancelScan = null
      void this.#round(this.#isStarting)
    })
  }
}
