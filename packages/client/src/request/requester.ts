import type { HeadersRecord, ParamsRecord } from './dynamic-values.js'
import { isDynamic, mergeHeaders, resolveValues } from './dynamic-values.js'
import { AbortedError } from '../errors/durable-stream-error.js'
import { networkError } from '../errors/fetch-error.js'
import { requestUrl } from './stream-url.js'

/** What `onError` returns to have a request tried again: headers and parameters that are merged with the others. */
export interface RetryOpts {
  params?: ParamsRecord
  headers?: HeadersRecord
}

/** Where requests go, and what they all carry. */
export interface RequestTarget {
  readonly url: string
  readonly headers: HeadersRecord
  readonly params: ParamsRecord
  readonly fetch: typeof globalThis.fetch
}

/** One request, apart from what all of them carry. */
export interface RequestSpec {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Headers of the protocol; they win over the caller's. */
  readonly headers?: Readonly<Record<string, string>>
  /** Query parameters of the protocol. */
  readonly params?: Readonly<Record<string, string>>
  readonly body?: BodyInit | undefined
  /** Whether a browser must ask the server although it has an answer in its cache. */
  readonly revalidate?: boolean
}

/** An answer, and the URL that was asked. */
export interface Answer {
  readonly response: Response
  readonly url: string
}

/** Sends requests with the headers and parameters of the moment. Tries nothing twice. */
export class Requester {
  readonly #target: RequestTarget
  #headers: HeadersRecord
  #params: ParamsRecord
  #lastHeaders = ''

  constructor(target: RequestTarget) {
    this.#target = target
    this.#headers = target.headers
    this.#params = target.params
  }

  get url(): string {
    return this.#target.url
  }

  /** Headers and parameters for all requests from now on. */
  override(retry: RetryOpts): void {
    if (retry.headers !== undefined)
      this.#headers = mergeHeaders<HeadersRecord[string]>(this.#headers, retry.headers)
    if (retry.params !== undefined) this.#params = { ...this.#params, ...retry.params }
  }

  /** Whether header functions give something else than what the last request carried: a renewed token. */
  async haveHeadersChanged(): Promise<boolean> {
    if (!isDynamic(this.#headers)) return false
    return JSON.stringify(mergeHeaders(await resolveValues(this.#headers))) !== this.#lastHeaders
  }

  /** Resolves with whatever the server answers; rejects only if there is no answer. */
  async send(spec: RequestSpec, signal: AbortSignal): Promise<Answer> {
    const [own, params] = await Promise.all([resolveValues(this.#headers), resolveValues(this.#params)])
    const headers = mergeHeaders(own)
    this.#lastHeaders = JSON.stringify(headers)
    const url = requestUrl(this.#target.url, params, spec.params ?? {})
    throwIfAborted(signal)
    const init: RequestInit = {
      method: spec.method,
      headers: mergeHeaders(headers, spec.headers ?? {}),
      signal,
    }
    if (spec.body !== undefined) init.body = spec.body
    // Elsewhere there is no cache, and some runtimes refuse the option.
    if (spec.revalidate === true && hasHttpCache()) init.cache = 'no-cache'
    try {
      const { fetch } = this.#target
      return { response: await fetch(url, init), url }
    } catch (error) {
      throwIfAborted(signal)
      throw networkError(url, error)
    }
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AbortedError(signal.reason)
}

/** Whether this is a page or a worker of one. */
function hasHttpCache(): boolean {
  const { location, caches } = globalThis as { location?: unknown; caches?: unknown }
  return location !== undefined && caches !== undefined
}
