import type { StreamLink } from './subscription-state.js'
import type { StreamPath } from '../protocol/branded.js'
import type { Subscription } from './subscription.js'
import type { SubscriptionContext } from './subscription-context.js'
import { CONTROL_PREFIX } from './subscription-config.js'
import { backfill } from './backfill.js'
import { decideForget } from './decide-membership.js'
import { isBehind, loadTails } from './stream-tails.js'
import { isLive } from './subscription-state.js'

/** How many streams are gone through between two pauses. */
const SLICE = 256

/**
 * Finds what nobody has noticed, because a node died between an append and its dispatch, or a hint was lost: streams
 * that match and are not linked, links whose stream has grown, links whose stream is gone, backfills
 * left over. It goes slowly, so that requests do not feel it.
 */
export class HealingScan {
  readonly #context: SubscriptionContext
  readonly #subscriptions: () => Iterable<Subscription>

  constructor(context: SubscriptionContext, subscriptions: () => Iterable<Subscription>) {
    this.#context = context
    this.#subscriptions = subscriptions
  }

  /** One round over everything. Rejects when the store fails; the next round begins anew. */
  async run(): Promise<void> {
    for (const subscription of [...this.#subscriptions()]) {
      if (this.#context.isStopping()) return
      await this.#tend(subscription)
    }
    await this.#findUnlinked()
    for (const subscription of [...this.#subscriptions()]) {
      if (this.#context.isStopping()) return
      await this.#checkLinks(subscription)
    }
  }

  async #tend(subscription: Subscription): Promise<void> {
    const { state } = subscription.log
    if (state.backfillAfter !== null) await backfill(subscription, this.#context)
    subscription.poke()
  }

  async #findUnlinked(): Promise<void> {
    const { engine, index, isStopping } = this.#context
    for (let after = ''; !isStopping();) {
      const page = await engine.store.list('', after, SLICE)
      if (page.length === 0) return
      after = page.at(-1)!
      for (const path of page) {
        if (path.startsWith(CONTROL_PREFIX)) continue
        for (const subscription of index.match(path)) {
          const { links, backfillAfter } = subscription.log.state
          if (backfillAfter === null && !links.has(path)) subscription.notice(path, null)
        }
      }
      await this.#pause()
    }
  }

  async #checkLinks(subscription: Subscription): Promise<void> {
    const { state } = subscription.log
    let slice = new Map<StreamPath, StreamLink>()
    // The map may change meanwhile; what is added to it then is new, and needs no check.
    for (const [path, link] of state.links) {
      if (state.pending.has(path)) continue
      slice.set(path, link)
      if (slice.size < SLICE) continue
      await this.#checkSlice(subscription, slice)
      if (this.#context.isStopping() || subscription.log.state !== state) return
      slice = new Map()
      await this.#pause()
    }
    await this.#checkSlice(subscription, slice)
  }

  async #checkSlice(subscription: Subscription, links: ReadonlyMap<StreamPath, StreamLink>): Promise<void> {
    if (links.size === 0 || !isLive(subscription.log.state)) return
    const { engine, environment } = this.#context
    const tails = await loadTails(engine.store, [...links.keys()], () => environment.now())
    const gone = new Map<StreamPath, StreamLink>()
    for (const [path, link] of links) {
      const record = tails.get(path) ?? null
      if (record === null) {
        if (!link.isExplicit) gone.set(path, link)
      } else if (isBehind(record, link.acked)) subscription.notice(path, record)
    }
    if (gone.size > 0) await subscription.transact((now) => decideForget(now, gone))
  }

  #pause(): Promise<void> {
    const { environment, limits } = this.#context
    return new Promise((resolve) => void environment.schedule(limits.scanPauseMs, resolve))
  }
}
