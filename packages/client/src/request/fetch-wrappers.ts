import { FetchError, networkError } from '../errors/fetch-error.js'
import { BackoffDefaults } from './backoff.js'
import type { BackoffOptions } from './backoff.js'
import type { Clock } from '../environment/clock.js'
import { Recovery } from './recovery.js'
import { Requester } from './requester.js'
import { failureKind } from './failure-kind.js'
import { linkAbort } from '../environment/abort-link.js'
import { systemClock } from '../environment/clock.js'
import { withDefaults } from '../with-defaults.js'

type Fetch = typeof globalThis.fetch

/**
 * A fetch that tries again after failures that pass: no connection, 5xx, 429, with back-off and `Retry-After`.
 * Other answers are returned as they are. Meant for requests that may be repeated. The last failure of too many
 * rejects with a `FetchError`.
 */
export function createFetchWithBackoff(
  fetchClient: Fetch,
  backoffOptions: Partial<BackoffOptions> = BackoffDefaults,
  clock: Clock = systemClock,
): Fetch {
  const backoff = withDefaults(BackoffDefaults, backoffOptions)
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const requester = new Requester({ url, headers: {}, params: {}, fetch: fetchClient })
    const recovery = new Recovery({ requester, clock, backoff, maxRetries: Infinity, onError: undefined })
    const link = linkAbort(init?.signal ?? undefined)
    try {
      for (;;) {
        const result = await attempt(fetchClient, input, init, url)
        if (!(result instanceof Error)) return result
        await recovery.recover(result, link.signal)
      }
    } finally {
      link.unlink()
    }
  }
}

/** A fetch whose responses have their bodies read already, so that connections are free at once. */
export function createFetchWithConsumedBody(fetchClient: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetchClient(input, init)
    if (response.body === null || [204, 205, 304].includes(response.status)) return response
    const { status, statusText, headers } = response
    return new Response(await response.arrayBuffer(), { status, statusText, headers })
  }
}

async function attempt(
  fetchClient: Fetch,
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
  url: string,
): Promise<Response | Error> {
  try {
    const response = await fetchClient(input instanceof Request ? input.clone() : input, init)
    if (response.ok) return response
    const error = await FetchError.fromResponse(response.clone(), url)
    return failureKind(error) === 'transient' ? error : response
  } catch (error) {
    if (init?.signal?.aborted === true) throw error
    return networkError(url, error)
  }
}
