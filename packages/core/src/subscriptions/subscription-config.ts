import type { StreamPath } from '../protocol/branded.js'

/** How a subscription tells its worker of pending work. @see PROTOCOL §6 */
export type SubscriptionType = 'webhook' | 'pull-wake'

/** What a subscription was asked to be, in its normal form. @see PROTOCOL §6.2 */
export interface SubscriptionConfig {
  readonly type: SubscriptionType
  /** A glob over stream paths, without slashes at its ends; null when there are explicit streams only. */
  readonly pattern: string | null
  /** Explicit streams, sorted, each once. */
  readonly streams: readonly StreamPath[]
  /** Where wakes are posted; null unless the type is `webhook`. */
  readonly webhookUrl: string | null
  /** Where wakes are written; null unless the type is `pull-wake`. */
  readonly wakeStream: StreamPath | null
  readonly leaseTtlMs: number
  readonly description: string | null
}

/** The bounds of a lease, in milliseconds. @see PROTOCOL §6.2 */
export const LEASE_TTL_MS = { least: 1_000, most: 600_000, default: 30_000 } as const

/** The longest pattern, in characters, and the most segments that it has. */
export const MAX_PATTERN_LENGTH = 1_024
export const MAX_PATTERN_SEGMENTS = 64

/** The longest subscription id, in characters. */
export const MAX_SUBSCRIPTION_ID_LENGTH = 256

/** Below this path the server keeps what is its own; no application stream lies there. */
export const CONTROL_PREFIX = '__ds/'

const SUBSCRIPTION_PREFIX = `${CONTROL_PREFIX}subscriptions/`

/**
 * Where a subscription is kept in the store. Ids are percent-encoded apart from the plainest characters, so that
 * they are one segment whatever they hold.
 */
export function subscriptionPath(id: string): StreamPath {
  return `${SUBSCRIPTION_PREFIX}${encodeURIComponent(id)}` as StreamPath
}

/** The prefix under which {@link subscriptionPath} keeps all of them. */
export const SUBSCRIPTIONS_PREFIX: string = SUBSCRIPTION_PREFIX

/** The id that a path of {@link subscriptionPath} was made from. */
export function subscriptionIdOf(path: StreamPath): string {
  return decodeURIComponent(path.slice(SUBSCRIPTION_PREFIX.length))
}

/**
 * The configuration as one text that is the same for requests that mean the same: order, duplicates and slashes at
 * the ends do not matter. What is compared is its digest. @see PROTOCOL §6.2 (configuration hash)
 */
export function canonicalConfig(config: SubscriptionConfig): string {
  const { type, pattern, streams, webhookUrl, wakeStream, leaseTtlMs, description } = config
  return JSON.stringify([type, pattern, streams, webhookUrl, wakeStream, null, leaseTtlMs, description])
}
