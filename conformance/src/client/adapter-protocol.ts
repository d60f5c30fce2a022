/** Version of the adapter protocol; `init` carries it. Within a version, fields are added and never change. */
export const ADAPTER_PROTOCOL_VERSION = 1

/** Headers as plain text, on top of what the client sends by itself. */
type Headers = Readonly<Record<string, string>>

interface OnStream {
  /** Path of the stream, to be put behind `serverUrl`. */
  readonly path: string
  readonly headers?: Headers
}

/** One idempotent producer of an adapter; the same id and epoch mean the same producer until `init`. */
interface ByProducer {
  readonly producerId: string
  readonly epoch: number
  /** Whether the client may take the id over from a newer epoch. */
  readonly autoClaim: boolean
}

/** What the harness asks of an adapter: one JSON object on one line each. An adapter ignores fields that it does not know. */
export type AdapterCommand =
  /** Begins anew: forgets streams, producers and dynamic headers. Always the first, and may come again. */
  | {
      readonly type: 'init'
      readonly serverUrl: string
      readonly protocolVersion: number
      readonly timeoutMs?: number
    }
  | (OnStream & {
      readonly type: 'create'
      readonly contentType?: string
      readonly ttlSeconds?: number
      readonly expiresAt?: string
      readonly closed?: boolean
      /** First content. */
      readonly data?: string
    })
  /** Finds an existing stream, so that later commands know its content type. */
  | (OnStream & { readonly type: 'connect' })
  | (OnStream & {
      readonly type: 'append'
      readonly data: string
      /** `data` is base64 of bytes. */
      readonly binary?: boolean
      readonly seq?: number
    })
  | (OnStream & ByProducer & { readonly type: 'idempotent-append'; readonly data: string })
  | (OnStream &
      ByProducer & {
        readonly type: 'idempotent-append-batch'
        readonly items: readonly string[]
        /** Above 1 each item is a request of its own, and this many are under way at once. */
        readonly maxInFlight?: number
      })
  | (OnStream & ByProducer & { readonly type: 'idempotent-close'; readonly data?: string })
  | (OnStream & { readonly type: 'close'; readonly data?: string; readonly contentType?: string })
  | (OnStream & {
      readonly type: 'read'
      readonly offset?: string
      readonly live?: false | 'auto' | 'long-poll' | 'sse'
      /** How long a live read lasts at most; its end is a success with what arrived until then. */
      readonly timeoutMs?: number
      /** A live read ends when it has this many chunks. */
      readonly maxChunks?: number
      /** A live read ends when it is up to date. */
      readonly waitForUpToDate?: boolean
    })
  | (OnStream & { readonly type: 'head' })
  | (OnStream & { readonly type: 'delete' })
  /** A header whose value is asked for at every request: a counter from 1, the time, or a fixed token. */
  | {
      readonly type: 'set-dynamic-header'
      readonly name: string
      readonly valueType: 'counter' | 'timestamp' | 'token'
      readonly initialValue?: string
    }
  | { readonly type: 'clear-dynamic' }
  | { readonly type: 'shutdown' }

/** What an adapter says that its client can do. What is missing counts as false, but for `longPoll`. */
export interface AdapterFeatures {
  readonly batching?: boolean
  readonly sse?: boolean
  readonly longPoll?: boolean
  readonly auto?: boolean
  readonly streaming?: boolean
  readonly dynamicHeaders?: boolean
}

export interface ReadChunk {
  readonly data: string
  /** `data` is base64 of bytes; text that is no UTF-8 can only be told this way. */
  readonly binary?: boolean
  readonly offset?: string
}

/** An answer that the client took for a success. */
export interface AdapterSuccess {
  readonly type: string
  readonly success: true
  readonly status?: number
  readonly clientName?: string
  readonly clientVersion?: string
  readonly features?: AdapterFeatures
  readonly offset?: string
  readonly finalOffset?: string
  readonly contentType?: string
  readonly chunks?: readonly ReadChunk[]
  readonly upToDate?: boolean
  readonly streamClosed?: boolean
  readonly duplicate?: boolean
}

/** An error that the client reported. Codes are those of the reference's adapters, as `NOT_FOUND` and `CONFLICT`. */
export interface AdapterError {
  readonly type: 'error'
  readonly success: false
  readonly commandType?: string
  readonly status?: number
  readonly errorCode: string
  readonly message: string
}

export type AdapterResult = AdapterSuccess | AdapterError

/** Reads one line of an adapter; null if it is no result. */
export function parseResult(line: string): AdapterResult | null {
  try {
    const value = JSON.parse(line) as Partial<AdapterResult> | null
    if (typeof value !== 'object' || value === null) return null
    return typeof value.success === 'boolean' && typeof value.type === 'string'
      ? (value as AdapterResult)
      : null
  } catch {
    return null
  }
}
