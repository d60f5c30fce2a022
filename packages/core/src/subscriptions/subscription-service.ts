import type { AckOutcome, AckRequest, ClaimOutcome } from './decide-lease.js'
import type { CreateSubscriptionOutcome, LinkOutcome } from './decide-membership.js'
import type { LogDefinition } from './event-log.js'
import type { LiveSubscription } from './subscription-state.js'
import type { StreamEngine } from '../streams/stream-engine.js'
import type { StreamPath } from '../protocol/branded.js'
import type { Subscription } from './subscription.js'
import type { SubscriptionConfig } from './subscription-config.js'
import type { SubscriptionContext } from './subscription-context.js'
import type { SubscriptionEnvironment, SubscriptionLimits } from './subscription-environment.js'
import { AppendDispatcher } from './append-dispatcher.js'
import { createWriter } from '../streams/stream-writer.js'
import { DEFAULT_LIMITS, StreamFault } from '../streams/environment.js'
import { settleSubscriptionLimits } from './subscription-environment.js'
import { DeliverySlots } from './delivery-slots.js'
import { EventLog } from './event-log.js'
import { PageReader } from '../streams/page-reader.js'
import { PatternIndex } from './pattern-index.js'
import { SubscriptionRegistry } from './subscription-registry.js'
import { WorkQueue } from './work-queue.js'
import { asFault } from '../streams/committer.js'
import { backfill } from './backfill.js'
import { canonicalConfig } from './subscription-config.js'
import {
  decideCreateSubscription,
  decideDeleteSubscription,
  decideLink,
  decideUnlink,
} from './decide-membership.js'
import { isLive } from './subscription-state.js'
import { loadTails } from './stream-tails.js'

export interface SubscriptionServiceOptions {
  readonly engine: StreamEngine
  readonly environment: SubscriptionEnvironment
  readonly limits?: Partial<SubscriptionLimits>
  /** Told of faults in work that no request waits for. */
  readonly onBackgroundFault?: (fault: StreamFault) => void
}

/** A creation that succeeded shows what there is now. */
export type CreateOutcomeWithState =
  | { readonly kind: 'created' | 'confirmed'; readonly subscription: LiveSubscription }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'own-wake-stream' }
  | { readonly kind: 'too-many-subscriptions'; readonly limit: number }
  | { readonly kind: 'too-many-links'; readonly limit: number }
  /** This node cannot call webhooks. */
  | { readonly kind: 'webhooks-unsupported' }

/**
 * Subscriptions over a store: durable cursors over many streams that wake workers. Everything that counts is kept in
 * the store through the engine's own compare-and-commit; any number of nodes may share it. Methods reject with a
 * {@link StreamFault} when the store fails. @see PROTOCOL §6, §7
 */
export class SubscriptionService {
  readonly #context: SubscriptionContext
  readonly #registry: SubscriptionRegistry
  readonly #dispatcher: AppendDispatcher
  readonly #posts = new Set<Promise<void>>()
  readonly #abort = new Set<() => void>()
  readonly #onFault: (fault: StreamFault) => void
  #isStarted = false
  #isStopping = false

  constructor(options: SubscriptionServiceOptions) {
    const { engine, environment } = options
    const { store } = engine
    const isShared = store.capabilities.multiNode
    const limits = settleSubscriptionLimits(options.limits ?? {}, isShared)
    this.#onFault = options.onBackgroundFault ?? (() => undefined)
    const onFault = (error: unknown): void => {
      if (!this.#isStopping) this.#onFault(asFault(error))
    }
    const index = new PatternIndex<Subscription>()
    const pages = new PageReader(store, environment)
    const writer = createWriter(store, environment, DEFAULT_LIMITS)
    this.#context = {
      engine,
      environment,
      limits,
      logs: { store, environment, pages, writer },
      node: environment.newStreamId(),
      isShared,
      work: new WorkQueue(limits.maxConcurrentWork),
      slots: new DeliverySlots(limits.maxDeliveries, limits.maxDeliveriesPerTarget),
      index,
      onAppended: (path) => this.noteAppend(path),
      onOverflow: () => this.#registry.scanSoon(),
      onFault,
      isStopping: () => this.#isStopping,
      onAbort: (run) => this.#whenStopped(run),
      track: (post) => this.#track(post),
    }
    this.#registry = new SubscriptionRegistry(this.#context, () => this.#dispatcher.replay())
    const { maxNoticedStreams: maxNoticed } = limits
    const onOverflow = this.#context.onOverflow
    this.#dispatcher = new AppendDispatcher({
      store,
      environment,
      index,
      maxNoticed,
      isShared,
      onOverflow,
      onFault,
    })
  }

  /** Learns of the subscriptions that there are, and begins to look after them. Repeated calls do nothing. */
  start(): void {
    if (this.#isStarted || this.#isStopping) return
    this.#isStarted = true
    this.#registry.start()
  }

  /** Says that a stream has grown. It costs an entry in a set, and next to nothing when there are no subscriptions. */
  noteAppend(path: StreamPath): void {
    if (!this.#isStarted) this.start()
    if (!this.#isStopping) this.#dispatcher.note(path, this.#registry.isEmpty)
  }

  /** A small state of the server's own that is kept in the store beside the subscriptions, at a path below `__ds`. */
  openLog<State, Event>(path: StreamPath, definition: LogDefinition<State, Event>): EventLog<State, Event> {
    return new EventLog(path, definition, this.#context.logs)
  }

  /** What an operator should know, in words. */
  get problems(): readonly string[] {
    return this.#registry.problems
  }

  /** How many subscriptions there are, as far as this node knows. */
  get count(): number {
    return this.#registry.count
  }

  /** Makes a subscription, or finds that it exists as asked. @see PROTOCOL §6.2 */
  async create(id: string, config: SubscriptionConfig, baseUrl: string): Promise<CreateOutcomeWithState> {
    const { environment, limits, engine } = this.#context
    if (config.type === 'webhook' && environment.deliver === null) return { kind: 'webhooks-unsupported' }
    if (config.wakeStream !== null && config.streams.includes(config.wakeStream))
      return { kind: 'own-wake-stream' }
    const { maxSubscriptions, maxLinksPerSubscription } = limits
    if (config.streams.length > maxLinksPerSubscription)
      return { kind: 'too-many-links', limit: maxLinksPerSubscription }
    return this.#on(id, async (subscription) => {
      if (!isLive(subscription.log.state) && this.#registry.count >= maxSubscriptions)
        return { kind: 'too-many-subscriptions', limit: maxSubscriptions }
      const hash = await environment.digest(canonicalConfig(config))
      const incarnation = environment.newStreamId()
      const tails = await loadTails(engine.store, config.streams, () => environment.now())
      const request = { config, hash, incarnation, baseUrl, tails }
      const { kind } = await subscription.transact<CreateSubscriptionOutcome>((state, now) =>
        decideCreateSubscription(state, request, now),
      )
      if (kind === 'conflict') return { kind }
      if (kind === 'created') await this.#registry.tellOthers()
      await backfill(subscription, this.#context)
      subscription.poke()
      const { state } = subscription.log
      // Deleted again while it was being made.
      return isLive(state) ? { kind, subscription: state } : { kind: 'conflict' }
    })
  }

  /** What a subscription is now; null when there is none. It changes in place. @see PROTOCOL §6.3 */
  read(id: string): Promise<LiveSubscription | null> {
    return this.#on(id, async ({ log }) => {
      await log.sync()
      return isLive(log.state) ? log.state : null
    })
  }

  /** Deletes a subscription; what is still under way for it is fenced. @see PROTOCOL §6.3 */
  delete(id: string): Promise<void> {
    return this.#on(id, async (subscription) => {
      const { kind } = await subscription.transact((state, now) => decideDeleteSubscription(state, now))
      if (kind === 'deleted') await this.#registry.tellOthers()
    })
  }

  /** Links streams explicitly. @see PROTOCOL §6.4 */
  link(id: string, paths: readonly StreamPath[]): Promise<LinkOutcome> {
    const { engine, environment, limits } = this.#context
    return this.#on(id, async (subscription) => {
      const tails = await loadTails(engine.store, paths, () => environment.now())
      return subscription.transact((state) => decideLink(state, paths, tails, limits.maxLinksPerSubscription))
    })
  }

  /** Takes an explicit link away. @see PROTOCOL §6.4 */
  async unlink(id: string, path: StreamPath): Promise<'unlinked' | 'not-found'> {
    const { kind } = await this.#on(id, (subscription) =>
      subscription.transact((state) => decideUnlink(state, path)),
    )
    return kind
  }

  /** Gives the work of a pull-wake subscription to one worker. @see PROTOCOL §7.2 */
  async claim(id: string, worker: string): Promise<ClaimOutcome> {
    this.start()
    // An append that was acknowledged before the claim is work that the claim finds.
    await this.#dispatcher.flush()
    return this.#on(id, (subscription) => subscription.claim(worker))
  }

  /** Takes a worker's acks, from an ack or a callback. @see PROTOCOL §7.1, §7.2 */
  ack(id: string, request: AckRequest): Promise<AckOutcome> {
    return this.#on(id, (subscription) => subscription.ack(request))
  }

  /** Takes work back that a worker gives up. @see PROTOCOL §7.2 */
  release(
    id: string,
    request: Omit<AckRequest, 'acks' | 'done'>,
  ): Promise<'released' | 'fenced' | 'not-found'> {
    return this.#on(id, (subscription) => subscription.release(request))
  }

  /** Resolves when everything that was noted is with its subscriptions, for tests and orderly ends. */
  async whenDispatched(): Promise<void> {
    await this.#dispatcher.flush()
  }

  /** Begins no more work, aborts posts, and waits until they are recorded. The store stays open. */
  async close(): Promise<void> {
    this.#isStopping = true
    this.#registry.stop()
    for (const run of [...this.#abort]) run()
    await this.#dispatcher.stop()
    await Promise.allSettled([...this.#posts])
    await this.#context.work.stop()
    await this.#context.logs.writer.whenIdle()
  }

  async #on<T>(id: string, work: (subscription: Subscription) => Promise<T>): Promise<T> {
    if (this.#isStopping) throw new StreamFault('unavailable', 'the server is stopping')
    this.start()
    try {
      return await this.#registry.use(id, work)
    } catch (error) {
      throw asFault(error)
    }
  }

  #whenStopped(run: () => void): () => void {
    this.#abort.add(run)
    return () => this.#abort.delete(run)
  }

  #track(post: Promise<void>): void {
    const tracked = post.finally(() => this.#posts.delete(tracked))
    this.#posts.add(tracked)
  }
}
