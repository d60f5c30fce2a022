import { BackoffDefaults } from '../request/backoff.js'
import type { BackoffOptions } from '../request/backoff.js'
import type { Clock } from '../environment/clock.js'
import type { HeadersRecord, ParamsRecord } from '../request/dynamic-values.js'
import type { OneShotContext, OneShotOptions } from '../request/one-shot.js'
import type { Answer, RequestSpec } from '../request/requester.js'
import { Requester } from '../request/requester.js'
import type { StreamErrorHandler } from '../request/recovery.js'
import { WAITED_FOR_RETRIES } from '../request/recovery.js'
import { linkAbort } from '../environment/abort-link.js'
import { mergeHeaders } from '../request/dynamic-values.js'
import { readStreamUrl } from '../request/stream-url.js'
import { sendUntilAnswered } from '../request/one-shot.js'
import { systemClock } from '../environment/clock.js'
import { withDefaults } from '../with-defaults.js'

/** Options of everything that is done with a stream. */
export interface StreamHandleOptions {
  /** The stream's URL. */
  url: string | URL
  /** Headers of every request; functions are called for each one. */
  headers?: HeadersRecord
  /** Query parameters of every request; functions are called for each one. */
  params?: ParamsRecord
  /** Another fetch than the global one. */
  fetch?: typeof globalThis.fetch
  /** Ends whatever the handle does. */
  signal?: AbortSignal
  /** The stream's content type. Without it the first append asks the server. */
  contentType?: string
  /** Called with an error that would end a read or write; may refresh headers and have it tried again. */
  onError?: StreamErrorHandler
  /** Whether appends that wait at the same time share requests. Default true. */
  batching?: boolean
  /** Warns once per origin when a page uses HTTP/1.1. Default true. */
  warnOnHttp?: boolean
  /** Waits between attempts. */
  backoffOptions?: Partial<BackoffOptions>
  /** Another clock than the system's, for tests. */
  clock?: Clock
}

/** What a handle is made of, for the parts of this package that work on it. */
export class HandleCore {
  readonly url: string
  readonly options: Readonly<StreamHandleOptions>
  readonly clock: Clock
  readonly backoff: BackoffOptions
  contentType: string | undefined

  constructor(options: StreamHandleOptions) {
    this.url = readStreamUrl(options.url)
    this.options = options
    this.clock = options.clock ?? systemClock
    this.backoff = withDefaults(BackoffDefaults, options.backoffOptions)
    this.contentType = options.contentType
  }

  /** What requests of this handle are sent by. Headers that `onError` refreshes last as long as the context. */
  createContext(
    own: { headers?: HeadersRecord | undefined; fetch?: typeof globalThis.fetch | undefined } = {},
  ): OneShotContext {
    const { headers = {}, params = {}, fetch, onError } = this.options
    const send = own.fetch ?? fetch ?? ((...request): Promise<Response> => globalThis.fetch(...request))
    const merged = mergeHeaders<HeadersRecord[string]>(headers, own.headers ?? {})
    const requester = new Requester({ url: this.url, headers: merged, params, fetch: send })
    return { requester, clock: this.clock, backoff: this.backoff, onError }
  }

  /** Sends one request, and again as long as that may help. */
  async request(
    context: OneShotContext,
    spec: RequestSpec,
    options: Partial<Omit<OneShotOptions, 'signal'>> & { signal?: AbortSignal | undefined } = {},
  ): Promise<Answer> {
    const link = linkAbort(this.options.signal, options.signal)
    try {
      return await sendUntilAnswered(context, spec, {
        repeatable: true,
        maxRetries: WAITED_FOR_RETRIES,
        ...options,
        signal: link.signal,
      })
    } finally {
      link.unlink()
    }
  }
}
