import type { Environment } from '../streams/environment.js'
import type { PendingStream } from './stream-tails.js'
import type { WakeRef } from './decide-lease.js'
import { settleNumbers } from '../options.js'

/** A wake on its way to a webhook. */
export interface WebhookDelivery {
  readonly subscriptionId: string
  readonly url: string
  /** The URL of the stream root, for the callback. */
  readonly baseUrl: string
  readonly wake: WakeRef
  readonly streams: readonly PendingStream[]
  /** How long the receiver has for its answer. */
  readonly timeoutMs: number
  /** Calls `run` when the server stops and nobody waits for the answer any more. */
  onAbort(run: () => void): void
}

/** What a receiver made of a wake. @see PROTOCOL §7.1 */
export type DeliveryResult =
  /** It has done all the work. */
  | { readonly kind: 'done' }
  /** It works on, and calls back. */
  | { readonly kind: 'accepted' }
  /** It could not be reached, or answered with anything but a success. */
  | { readonly kind: 'failed'; readonly reason: string }

/** What subscriptions need besides time and chance; the core does no I/O and no cryptography. */
export interface SubscriptionEnvironment extends Environment {
  /** A digest of a text, for comparing configurations. */
  digest(text: string): Promise<string>
  /** A number in [0, 1), for jitter. */
  random(): number
  /** Posts a wake; never rejects. Null where the runtime has no safe way to call a webhook. */
  readonly deliver: ((delivery: WebhookDelivery) => Promise<DeliveryResult>) | null
}

/** Bounds of subscriptions. */
export interface SubscriptionLimits {
  /** Subscriptions in total. */
  readonly maxSubscriptions: number
  /** Streams of one subscription; what its pattern finds beyond is left out. */
  readonly maxLinksPerSubscription: number
  /** Streams that one wake tells; the others wait for the next one. */
  readonly maxWakeStreams: number
  /** Appended-to streams that wait for being looked at; over it they are found by the next scan. */
  readonly maxNoticedStreams: number
  /** Subscriptions that are worked on at a time. */
  readonly maxConcurrentWork: number
  /** Webhook posts under way at a time, in total. */
  readonly maxDeliveries: number
  /** Webhook posts under way at a time to one host and port. */
  readonly maxDeliveriesPerTarget: number
  /** How long a receiver has for its answer, in milliseconds; never more than nine tenths of the lease. */
  readonly webhookTimeoutMs: number
  /** By how much the clocks of several nodes may differ, in milliseconds. */
  readonly clockSkewMs: number
  /** How often everything is looked through for what a crash may have left, in milliseconds; 0 for never. */
  readonly scanIntervalMs: number
  /** The pause between two slices of that, in milliseconds. */
  readonly scanPauseMs: number
  /** For how long deleted subscriptions are remembered, in milliseconds. */
  readonly tombstoneMs: number
}

/** The defaults; `scanIntervalMs` is for a store with one node, where only a crash loses anything. */
export const DEFAULT_SUBSCRIPTION_LIMITS: SubscriptionLimits = {
  maxSubscriptions: 20_000,
  maxLinksPerSubscription: 250_000,
  maxWakeStreams: 1_000,
  maxNoticedStreams: 100_000,
  maxConcurrentWork: 32,
  maxDeliveries: 256,
  maxDeliveriesPerTarget: 16,
  webhookTimeoutMs: 30_000,
  clockSkewMs: 5_000,
  scanIntervalMs: 600_000,
  scanPauseMs: 10,
  tombstoneMs: 48 * 3_600_000,
}

/** How often nodes that share a store look through everything. */
export const MULTI_NODE_SCAN_MS = 60_000

const MAY_BE_ZERO = [
  'maxSubscriptions',
  'maxLinksPerSubscription',
  'clockSkewMs',
  'scanIntervalMs',
  'scanPauseMs',
  'tombstoneMs',
] as const

/** {@link SubscriptionLimits} with nothing left out; throws a RangeError that names what is no bound. */
export function settleSubscriptionLimits(
  limits: Partial<SubscriptionLimits>,
  isShared: boolean,
): SubscriptionLimits {
  const defaults = DEFAULT_SUBSCRIPTION_LIMITS
  const scanIntervalMs = isShared ? MULTI_NODE_SCAN_MS : defaults.scanIntervalMs
  return settleNumbers(limits, { ...defaults, scanIntervalMs }, MAY_BE_ZERO)
}
