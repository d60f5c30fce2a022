import type { StreamLimits, StreamStore } from '@ds/core'
import type { SubscriptionOptions } from '../subscriptions/options.js'
import { settleChoice, settleNumbers } from '@ds/core'

/** Which websites' pages may use the server: all, those of a list of origins, or none. */
export type CorsOption = '*' | readonly string[] | false

/** Something that happened to a stream on this node. */
export interface StreamLifecycleEvent {
  readonly type: 'created' | 'deleted'
  /** The stream's URL path, base path included. */
  readonly path: string
  /** Of a created stream. */
  readonly contentType?: string
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** Called after the fact; the response does not wait for it, and what it throws goes to `onFault`. */
export type StreamLifecycleHook = (event: StreamLifecycleEvent) => void | Promise<void>

/** What a handler can be told; everything but the store has a default. What cannot be meant is a RangeError. */
export interface HandlerOptions {
  readonly store: StreamStore
  /** The path below which streams live, without a trailing slash. Default `/v1/stream`. */
  readonly basePath?: string
  /** Scheme and host for absolute URLs, when the one that clients use is not in their requests. */
  readonly publicOrigin?: string
  /** How long a long-poll waits for data. Default 30 s. */
  readonly longPollTimeoutMs?: number
  /** After how long an SSE connection is ended so that clients reconnect. Default 60 s. @see PROTOCOL §10.2 */
  readonly sseRecycleMs?: number
  /** How often a silent SSE connection gets a comment. Default 15 s. */
  readonly sseHeartbeatMs?: number
  /** How long a live reader may take nothing before it is cut off. Default 30 s. */
  readonly stallTimeoutMs?: number
  /** Default `public`: whether shared caches may keep what was read. @see PROTOCOL §10.1 */
  readonly cachePrivacy?: 'public' | 'private' | 'no-store'
  /** Default `*`. */
  readonly cors?: CorsOption
  /** The largest request body, in bytes: 413 over it. Default 64 MiB. */
  readonly maxBodyBytes?: number
  /**
   * The bytes of all bodies that are being received, in total: 503 over it. Default 512 MiB, and never less than
   * `maxBodyBytes`, so that the largest body is received at least while there are no others.
   */
  readonly maxReceivingBytes?: number
  /**
   * Requests of one connection that may wait for the answers to earlier ones; with one more it is closed. Default 1000.
   * For node:http only.
   */
  readonly maxPipelined?: number
  /** The longest path and query, in characters: 414 over it. Default 8192. */
  readonly maxTargetLength?: number
  /** The longest stream path, in characters: 414 over it. Default 1024. */
  readonly maxPathLength?: number
  /** Bodies from this size on are compressed for those who ask; 0 for never. Default 1024. */
  readonly compressFromBytes?: number
  /** Subscriptions and their webhooks; false for a server without. Default: with, webhooks to public addresses. */
  readonly subscriptions?: SubscriptionOptions | false
  /** Bounds of the engine. */
  readonly limits?: Partial<StreamLimits>
  /** Called when a client has created a stream through this handler. */
  readonly onStreamCreated?: StreamLifecycleHook
  /** Called when a client has deleted a stream through this handler. */
  readonly onStreamDeleted?: StreamLifecycleHook
  /** Told of faults: a failing store, a bug. Default: standard error. */
  readonly onFault?: (fault: unknown) => void
}

/** {@link HandlerOptions} with nothing left out. */
export type HandlerSettings = Required<
  Omit<HandlerOptions, 'store' | 'limits' | 'publicOrigin' | 'subscriptions'>
> & {
  readonly publicOrigin: string | null
}

const NUMBERS = {
  longPollTimeoutMs: 30_000,
  sseRecycleMs: 60_000,
  sseHeartbeatMs: 15_000,
  stallTimeoutMs: 30_000,
  maxBodyBytes: 64 << 20,
  maxReceivingBytes: 512 << 20,
  maxPipelined: 1000,
  maxTargetLength: 8192,
  maxPathLength: 1024,
  compressFromBytes: 1024,
}

/** Fills in the defaults; throws a RangeError for what cannot be meant. */
export function settle(options: HandlerOptions): HandlerSettings {
  const basePath = (options.basePath ?? '/v1/stream').replace(/\/+$/, '')
  if (basePath !== '' && !basePath.startsWith('/')) throw new RangeError('basePath begins with a slash')
  const numbers = settleNumbers(options, NUMBERS, ['longPollTimeoutMs', 'maxPipelined', 'compressFromBytes'])
  return {
    ...numbers,
    maxReceivingBytes: Math.max(numbers.maxReceivingBytes, numbers.maxBodyBytes),
    basePath,
    publicOrigin: options.publicOrigin?.replace(/\/+$/, '') ?? null,
    cachePrivacy: settleChoice('cachePrivacy', options.cachePrivacy, ['public', 'private', 'no-store']),
    cors: options.cors ?? '*',
    onStreamCreated: options.onStreamCreated ?? (() => undefined),
    onStreamDeleted: options.onStreamDeleted ?? (() => undefined),
    onFault: options.onFault ?? ((fault) => console.error(fault)),
  }
}
