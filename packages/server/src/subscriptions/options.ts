import type { SubscriptionLimits } from '@ds/core'
import type { WebhookPolicy } from './webhook-transport.js'

/** Something that a client asks of the control API, for those who decide whether it may. */
export interface ControlRequest {
  readonly action: 'create' | 'read' | 'delete' | 'link' | 'unlink' | 'claim'
  readonly subscriptionId: string
  /** A header's value by its lower-case name, such as `authorization`. */
  readonly header: (name: string) => string | undefined
}

/** What can be told of subscriptions; everything has a default. @see PROTOCOL §6, §7 */
export interface SubscriptionOptions {
  /** Which webhooks may be called. */
  readonly webhooks?: WebhookPolicy
  /** Bounds. */
  readonly limits?: Partial<SubscriptionLimits>
  /**
   * Whether a request may do what it asks for, for servers that know their clients: 401 if not. Callbacks, acks and
   * releases carry a token of the server itself and are not asked about. Default: all may.
   */
  readonly authorize?: (request: ControlRequest) => boolean | Promise<boolean>
  /** The age at which the signing key is replaced by a new one. Default 90 days; Infinity for never. */
  readonly signingKeyRotationMs?: number
}

export const DEFAULT_KEY_ROTATION_MS: number = 90 * 86_400_000
