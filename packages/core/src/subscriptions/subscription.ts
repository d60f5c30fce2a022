import type { Actor, Advance, AdvanceOutcome } from './decide-wake.js'
import type { AckOutcome, AckRequest, ClaimOutcome, LookAgain } from './decide-lease.js'
import type { LogDecision } from './event-log.js'
import type { PendingStream } from './stream-tails.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { SubscriptionContext } from './subscription-context.js'
import type { SubscriptionEvent } from './subscription-events.js'
import type { LiveSubscription, SubscriptionState, Wake } from './subscription-state.js'
import { EventLog } from './event-log.js'
import { WakeAnnouncer } from './wake-announcer.js'
import { currentWake, decideAdvance } from './decide-wake.js'
import { dueIn } from './due-time.js'
import { decideAck, decideClaim, decideRelease } from './decide-lease.js'
import { indexedDefinition } from './indexed-definition.js'
import { isLive } from './subscription-state.js'
import { loadTails } from './stream-tails.js'
import { postWake, targetOf } from './webhook-post.js'
import { subscriptionPath } from './subscription-config.js'

/** How many noticed streams are looked at in one step. */
const STEP_STREAMS = 1_000
/** How often a claim that finds nothing looks again where other nodes may be at work, and after how long. */
const CLAIM_ATTEMPTS = 6
const CLAIM_PAUSE_MS = 40
const RETRY_AFTER_FAULT_MS = 1_000
/**
 * One subscription on one node: its log, what was noticed for it, and the work that follows. Everything that counts
 * is in the log; what is kept here makes it prompt.
 */
export class Subscription {
  readonly id: string
  readonly log: EventLog<SubscriptionState, SubscriptionEvent>
  readonly #context: SubscriptionContext
  /** Streams to look at, and their records if they were loaded since. */
  readonly #noticed = new Map<StreamPath, StreamRecord | null>()
  #isBusy = false
  /** Who waits for the end of the step that is being made. */
  readonly #onRest: (() => void)[] = []
  #again = false
  #cancelTimer: (() => void) | null = null
  /** The wakes that this node posts at the moment: the current one, and those that a callback ended meanwhile. */
  readonly #sending = new Set<string>()
  #wasOfferedSlot = false
  readonly #announcer: WakeAnnouncer
  #isFull = false
  /** The last generation that this node has raised or sent; others are left to their nodes for a moment. */
  #ownGeneration = 0

  constructor(id: string, context: SubscriptionContext) {
    this.id = id
    this.#context = context
    this.#announcer = new WakeAnnouncer(context.engine, context.environment)
    this.log = new EventLog(subscriptionPath(id), indexedDefinition(context.index, this), context.logs)
  }

  /** What an operator should know, in words; null when all is well. */
  get problem(): string | null {
    if (this.#announcer.problem !== null) return this.#announcer.problem
    const { maxLinksPerSubscription } = this.#context.limits
    return this.#isFull ? `more streams match than the ${maxLinksPerSubscription} that it may have` : null
  }

  /** Whether an append to a stream has to be looked at. On a shared store only a fresh look can tell. */
  wants(path: StreamPath): boolean {
    return this.#context.isShared || !this.log.state.pending.has(path)
  }

  /** Has a stream looked at soon. @param record as it was loaded after what was noticed; null to have it loaded */
  notice(path: StreamPath, record: StreamRecord | null): void {
    if (this.#noticed.size >= this.#context.limits.maxNoticedStreams) this.#context.onOverflow()
    else this.#noticed.set(path, record)
    this.poke()
  }

  /** Has whatever is due done soon. */
  poke(): void {
    if (this.#isBusy) {
      this.#again = true
      return
    }
    this.#isBusy = true
    this.#context.work.add(() => this.#run())
  }

  /**
   * Follows what another node has done; that node is given the time to do what comes next.
   *
   * @returns whether the subscription may be interested in more streams than this node knew
   */
  async follow(): Promise<boolean> {
    const { incarnation, links, backfillAfter } = this.log.state
    const before = links.size
    await this.log.sync()
    this.#setTimer(this.#dueIn())
    const { state } = this.log
    const isNew =
      state.incarnation !== incarnation || (backfillAfter !== null && state.backfillAfter === null)
    return isLive(state) && (isNew || state.links.size > before)
  }

  /** Forgets timers and what was noticed. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#noticed.clear()
  }

  /** @see PROTOCOL §7.2 */
  async claim(worker: string): Promise<ClaimOutcome> {
    const { environment, isShared } = this.#context
    for (let attempt = 1; ; attempt++) {
      if (this.#isBusy) await new Promise<void>((resolve) => this.#onRest.push(resolve))
      const outcome = await this.#claimNow(worker)
      const isFinal = outcome.kind !== 'look-again' && (outcome.kind !== 'no-pending-work' || !isShared)
      if (isFinal) return outcome
      if (attempt >= CLAIM_ATTEMPTS) return { kind: 'no-pending-work' }
      // Another node may just be dispatching an append that was acknowledged before the claim.
      if (outcome.kind === 'no-pending-work')
        await new Promise<void>((resolve) => void environment.schedule(CLAIM_PAUSE_MS, resolve))
    }
  }

  async #claimNow(worker: string): Promise<ClaimOutcome | LookAgain> {
    const advance = await this.#prepare(true)
    const outcome = await this.#transactNoticed(advance, (state, now) =>
      decideClaim(state, worker, advance, now),
    )
    if (outcome.kind === 'claimed') this.#ownGeneration = outcome.wake.generation
    this.poke()
    return outcome
  }

  /** @see PROTOCOL §7.1, §7.2 */
  async ack(request: AckRequest): Promise<AckOutcome> {
    const paths = [...new Set(request.acks.map(({ path }) => path))]
    const tails = await loadTails(this.#context.engine.store, paths, this.#now)
    const outcome = await this.transact((state, now) => decideAck(state, request, tails, this.#actor(), now))
    if (outcome.kind === 'acked') this.#ownGeneration = request.generation
    this.poke()
    return outcome
  }

  /** @see PROTOCOL §7.2 */
  async release(request: Omit<AckRequest, 'acks' | 'done'>): Promise<'released' | 'fenced' | 'not-found'> {
    const { kind } = await this.transact((state, now) => decideRelease(state, request, this.#actor(), now))
    if (kind === 'released') this.#ownGeneration = request.generation
    this.poke()
    return kind
  }

  /**
   * Commits a decision. Streams that it takes to be processed are looked at again afterwards: an append may have come
   * between the look and the commit, and its own node may have seen the stream still pending.
   */
  async transact<Outcome>(
    decide: (state: SubscriptionState, now: number) => LogDecision<Outcome, SubscriptionEvent>,
  ): Promise<Outcome> {
    let events: readonly SubscriptionEvent[] = []
    const outcome = await this.log.transact((state, now) => {
      const decision = decide(state, now)
      events = decision.events
      return decision
    })
    for (const event of events) {
      if (event.e !== 'settled') continue
      for (const path of event.paths) this.notice(path, null)
    }
    return outcome
  }

  async #run(): Promise<void> {
    this.#again = false
    let delay: number | null
    try {
      if (!this.#context.isStopping()) await this.#advance()
      delay = this.#dueIn()
    } catch (error) {
      this.#context.onFault(error)
      delay = RETRY_AFTER_FAULT_MS
    }
    if (this.#wasOfferedSlot) this.#context.slots.pass()
    this.#wasOfferedSlot = false
    this.#isBusy = false
    for (const resolve of this.#onRest.splice(0)) resolve()
    if (this.#context.isStopping()) return
    this.#setTimer(delay)
    if (this.#hasMore()) this.poke()
  }

  /** Read through a method, because the compiler does not know that it changes meanwhile. */
  #hasMore(): boolean {
    return this.#again
  }

  /** One step; asks for another one if there is more to do. */
  async #advance(): Promise<void> {
    const { state } = this.log
    if (!isLive(state)) {
      this.#noticed.clear()
      return
    }
    if (state.backfillAfter !== null) return
    if (state.wake?.phase === 'offered') await this.#announce(state, state.wake)
    const canWake = this.#canWake(state)
    if (!canWake && !this.#context.isShared) this.#dropPending(state)
    const isIdle = !canWake || (state.wake === null && state.pending.size === 0)
    if (this.#noticed.size === 0 && isIdle) return
    const advance = await this.#prepare(canWake)
    const target = canWake && state.config.webhookUrl !== null ? targetOf(state.config.webhookUrl) : null
    const canSend = target !== null && this.#context.environment.deliver !== null && this.#takeSlot(target)
    let isSending = false
    try {
      const outcome = await this.#transactNoticed(advance, (now, at) =>
        decideAdvance(now, { ...advance, canSend }, at),
      )
      isSending = outcome.kind === 'send'
      await this.#act(outcome, target)
    } finally {
      if (canSend && !isSending) this.#context.slots.free(target)
    }
    if (this.#noticed.size > 0) this.#again = true
  }

  async #act(outcome: AdvanceOutcome, target: string | null): Promise<void> {
    const { state } = this.log
    switch (outcome.kind) {
      case 'rest':
        return
      case 'too-many-links':
        this.#isFull = true
        return
      case 'offer':
        this.#ownGeneration = outcome.wake.generation
        if (isLive(state)) await this.#announce(state, outcome.wake)
        return
      case 'send':
        this.#ownGeneration = outcome.wake.generation
        this.#sending.add(outcome.wake.id)
        this.#context.track(this.#send(outcome.wake, outcome.streams, target!))
    }
  }

  /** Whether a wake could be raised, as far as this node knows. */
  #canWake(state: LiveSubscription): boolean {
    if (this.#isSending(state)) return false
    const wake = currentWake(state, this.#actor(), this.#now())
    return wake === null || (wake.phase === 'retrying' && this.#now() >= (wake.nextAttemptAt ?? 0))
  }

  /** While a post is under way its end is what comes next, whatever the lease says. */
  #isSending({ wake }: SubscriptionState): boolean {
    return wake !== null && this.#sending.has(wake.id)
  }

  /** What is pending already needs no second mark. */
  #dropPending(state: SubscriptionState): void {
    for (const path of this.#noticed.keys()) if (state.pending.has(path)) this.#noticed.delete(path)
  }

  /** Takes what was noticed, and finds out how far those streams and the pending ones are. */
  async #prepare(withPending: boolean): Promise<Advance> {
    const { limits, engine } = this.#context
    const { state } = this.log
    const known = new Map<StreamPath, StreamRecord | null>()
    for (const [path, record] of this.#noticed) {
      if (known.size >= STEP_STREAMS) break
      known.set(path, record)
      this.#noticed.delete(path)
    }
    const paths = new Set(known.keys())
    if (withPending) {
      for (const path of state.pending) {
        if (paths.size >= known.size + limits.maxWakeStreams) break
        paths.add(path)
      }
    }
    try {
      const tails = await loadTails(engine.store, [...paths], this.#now, known)
      const { maxLinksPerSubscription: maxLinks, maxWakeStreams } = limits
      return { ...this.#actor(), noticed: [...known.keys()], tails, canSend: false, maxLinks, maxWakeStreams }
    } catch (error) {
      this.#putBack([...known.keys()])
      throw error
    }
  }

  async #transactNoticed<Outcome>(
    { noticed }: Advance,
    decide: (state: SubscriptionState, now: number) => LogDecision<Outcome, SubscriptionEvent>,
  ): Promise<Outcome> {
    try {
      return await this.transact(decide)
    } catch (error) {
      this.#putBack(noticed)
      throw error
    }
  }

  #putBack(paths: readonly StreamPath[]): void {
    for (const path of paths) this.#noticed.set(path, null)
  }

  #takeSlot(target: string): boolean {
    const isTaken = this.#context.slots.tryTake(target, () => {
      this.#wasOfferedSlot = true
      this.poke()
    })
    if (isTaken) this.#wasOfferedSlot = false
    return isTaken
  }

  async #announce(state: LiveSubscription, wake: Wake): Promise<void> {
    const wakeStream = state.config.wakeStream!
    const { incarnation } = state
    const [stream = '' as StreamPath] = state.pending
    const announcement = { subscriptionId: this.id, incarnation, wakeStream, wake, stream }
    if (await this.#announcer.announce(announcement)) this.#context.onAppended(wakeStream)
  }

  /** Posts a wake and records what became of it. */
  async #send(wake: Wake, streams: readonly PendingStream[], target: string): Promise<void> {
    const { slots, onFault } = this.#context
    try {
      const { state } = this.log
      const actor = this.#actor()
      if (isLive(state)) await postWake(this, { state, wake, streams, actor }, this.#context)
    } catch (error) {
      // The lease runs out, and then the wake is raised again.
      onFault(error)
    } finally {
      this.#sending.delete(wake.id)
      slots.free(target)
      this.poke()
    }
  }

  /** After how long something is to be done even if nobody asks; null when nothing is. */
  #dueIn(): number | null {
    const { state } = this.log
    if (this.#isSending(state)) return null
    const { environment, isShared } = this.#context
    return dueIn(state, {
      now: this.#now(),
      actor: this.#actor(),
      isShared,
      isOwn: state.generation === this.#ownGeneration,
      random: environment.random(),
      announcer: this.#announcer,
    })
  }

  #setTimer(delayMs: number | null): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (delayMs === null || this.#context.isStopping()) return
    this.#cancelTimer = this.#context.environment.schedule(Math.max(0, delayMs), () => this.poke())
  }

  #actor(): Actor {
    const { node, limits, environment, isShared } = this.#context
    const clockSkewMs = isShared ? limits.clockSkewMs : 0
    return { node, clockSkewMs, newWakeId: `w_${environment.newStreamId()}` }
  }

  readonly #now = (): number => this.#context.environment.now()
}
