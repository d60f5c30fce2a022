import type { LiveMode, Offset } from './read-plan.js'
import type { BackoffOptions } from '../request/backoff.js'
import type { Clock } from '../environment/clock.js'
import type { HeadersRecord } from '../request/dynamic-values.js'
import type { OffsetStorage } from './offset-storage.js'
import type { ParamsRecord } from '../request/dynamic-values.js'
import type { StreamErrorHandler } from '../request/recovery.js'

/** When SSE is taken for unusable here, so that long-poll does its work. */
export interface SSEResilienceOptions {
  /** Milliseconds; connections that end sooner are short. Default 1000. */
  minConnectionDuration?: number
  /** Short connections in a row until long-poll takes over. Default 3. */
  maxShortConnections?: number
  /** Milliseconds before the connection after a short one; doubles. Default 100. */
  backoffBaseDelay?: number
  /** The longest of these waits in milliseconds. Default 5000. */
  backoffMaxDelay?: number
  /**
   * Milliseconds until the first byte must be there. Servers speak first, so silence means that something on the way
   * keeps the events back. Default 5000.
   */
  firstEventTimeout?: number
  /** Milliseconds until SSE is given another chance. Default 600000. */
  retryAfter?: number
  /** Tells the console when long-poll takes over. Default true. */
  logWarnings?: boolean
}

/** Options of a read. */
export interface StreamOptions {
  /** The stream's URL. */
  url: string | URL
  /** Headers of every request; functions are called for each one. */
  headers?: HeadersRecord
  /** Query parameters of every request; functions are called for each one. */
  params?: ParamsRecord
  /** Ends the read. */
  signal?: AbortSignal
  /** Another fetch than the global one. */
  fetch?: typeof globalThis.fetch
  /** Waits between attempts. */
  backoffOptions?: Partial<BackoffOptions>
  /** Where to begin: `-1` (the default) is the start, `now` the present end. */
  offset?: Offset
  /** Whether and how to go on at the end of the stream. Default true. */
  live?: LiveMode
  /** Reads as JSON whatever the content type says. */
  json?: boolean
  /** Called with an error that would end the read, at any time of it; may refresh headers and go on. */
  onError?: StreamErrorHandler
  sseResilience?: SSEResilienceOptions
  /** Warns once per origin when a page reads over HTTP/1.1, with its six connections. Default true. */
  warnOnHttp?: boolean
  /**
   * Keeps the offset between runs: a Map, localStorage, or anything with get and set. What it holds wins over
   * `offset`. It is written when the consumer is done with a batch, so that after a crash at most the last one comes
   * again.
   */
  storage?: OffsetStorage
  /** The key in `storage`. Default: the stream's URL. */
  storageKey?: string
  /** Gives up live connections while the page is hidden, and goes on when it is seen again. Default true. */
  pauseWhenHidden?: boolean
  /** Milliseconds without a byte after which a connection is taken for dead. Default 90000. */
  idleTimeout?: number
  /** The largest page or event in bytes that is accepted. Default 256 MiB. */
  maxBufferBytes?: number
  /** Another clock than the system's, for tests. */
  clock?: Clock
}
