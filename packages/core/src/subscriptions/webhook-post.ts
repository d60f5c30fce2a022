import type { Actor } from './decide-wake.js'
import type { LiveSubscription, Wake } from './subscription-state.js'
import type { PendingStream } from './stream-tails.js'
import type { Subscription } from './subscription.js'
import type { SubscriptionContext } from './subscription-context.js'
import type { WakeRef } from './decide-lease.js'
import { decideDelivered, decideFailed, retryDelayMs } from './decide-delivery.js'
import { loadTails } from './stream-tails.js'

/** How much of a lease the receiver has for its answer; the rest is for taking note of it. */
const ANSWER_SHARE = 0.9

/** One post of a wake to a webhook. */
export interface WebhookPost {
  readonly state: LiveSubscription
  readonly wake: Wake
  readonly streams: readonly PendingStream[]
  readonly actor: Actor
}

/** Posts a wake and records what became of it. Rejects when that cannot be recorded. @see PROTOCOL §7.1 */
export async function postWake(
  subscription: Subscription,
  { state, wake, streams, actor }: WebhookPost,
  context: SubscriptionContext,
): Promise<void> {
  const { environment, limits, engine } = context
  const { webhookUrl, leaseTtlMs } = state.config
  const ref: WakeRef = { incarnation: state.incarnation, generation: wake.generation, wakeId: wake.id }
  const attempt = { wake: ref, attempt: wake.attempts }
  const aborting = new Aborting(context)
  const result = await environment.deliver!({
    subscriptionId: subscription.id,
    url: webhookUrl!,
    baseUrl: state.baseUrl,
    wake: ref,
    streams,
    timeoutMs: Math.min(limits.webhookTimeoutMs, Math.floor(leaseTtlMs * ANSWER_SHARE)),
    onAbort: aborting.onAbort,
  })
  aborting.end()
  if (result.kind === 'failed') {
    // Who stops leaves the retry to whoever comes next.
    const delay = context.isStopping() ? 0 : retryDelayMs(wake.failures + 1, environment.random())
    await subscription.transact((now, at) => decideFailed(now, attempt, delay, actor, at))
    return
  }
  const done = result.kind === 'done' ? new Map(streams.map(({ path, tail }) => [path, tail])) : null
  const tails = await loadTails(engine.store, done === null ? [] : [...done.keys()], () => environment.now())
  await subscription.transact((now, at) => decideDelivered(now, attempt, done, tails, actor, at))
}

/** Listens for the server's stop as long as a post lasts. */
class Aborting {
  readonly #takeBack: (() => void)[] = []
  readonly onAbort: (run: () => void) => void

  constructor(context: SubscriptionContext) {
    this.onAbort = (run) => void this.#takeBack.push(context.onAbort(run))
  }

  end(): void {
    for (const takeBack of this.#takeBack) takeBack()
  }
}

/** What posts are counted by: scheme, host and port. The URL was parsed when the subscription was made. */
export function targetOf(url: string): string {
  const end = url.indexOf('/', url.indexOf('://') + 3)
  return end === -1 ? url : url.slice(0, end)
}
