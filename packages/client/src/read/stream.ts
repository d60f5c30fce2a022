import { BackoffDefaults, backoffDelay } from '../request/backoff.js'
import { streamError } from '../errors/durable-stream-error.js'
import type { LiveMode } from './read-plan.js'
import { ReadSession } from './read-session.js'
import { Recovery, WAITED_FOR_RETRIES } from '../request/recovery.js'
import { Requester } from '../request/requester.js'
import { SessionResponse } from './session-response.js'
import { SseFitness } from './sse-fitness.js'
import type { StreamOptions } from './session-options.js'
import type { StreamResponse } from './stream-response.js'
import { currentPage } from '../environment/page-lifecycle.js'
import { linkAbort } from '../environment/abort-link.js'
import { readStreamUrl } from '../request/stream-url.js'
import { storedValue } from './offset-storage.js'
import { systemClock } from '../environment/clock.js'
import { warnIfUsingHttpInBrowser } from '../environment/http-warning.js'
import { withDefaults } from '../with-defaults.js'

const BOUNDS = { idleTimeout: 90_000, maxBufferBytes: 268_435_456 }

/**
 * Reads a stream. Resolves when the first answer is there; rejects if there will be none: `NOT_FOUND`, `GONE`,
 * `UNAUTHORIZED`, or `NETWORK` after a few seconds. From then on the read survives whatever passes: lost
 * connections, 5xx, 429, expired tokens, sleep. @see PROTOCOL §5.6 to §5.8
 */
export async function stream<TJson = unknown>(options: StreamOptions): Promise<StreamResponse<TJson>> {
  const url = readStreamUrl(options.url)
  warnIfUsingHttpInBrowser(url, options.warnOnHttp)
  const live = readLiveMode(options.live)
  const stored =
    options.storage === undefined ? null : storedValue(options.storage, options.storageKey ?? url)
  const startOffset = (await stored?.load()) ?? options.offset ?? '-1'
  const session = createSession(options, url, startOffset)
  await session.open()
  return new SessionResponse<TJson>(session, { url, live, json: options.json ?? false, startOffset, stored })
}

function createSession(options: StreamOptions, url: string, startOffset: string): ReadSession {
  const clock = options.clock ?? systemClock
  const backoff = withDefaults(BackoffDefaults, options.backoffOptions)
  const { idleTimeout, maxBufferBytes } = options
  const bounds = withDefaults(BOUNDS, { idleTimeout, maxBufferBytes })
  const requester = new Requester({
    url,
    headers: options.headers ?? {},
    params: options.params ?? {},
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
  })
  const recovery = new Recovery({
    requester,
    clock,
    backoff,
    maxRetries: WAITED_FOR_RETRIES,
    onError: options.onError,
  })
  return new ReadSession(
    {
      requester,
      recovery,
      clock,
      page: currentPage,
      abort: linkAbort(options.signal),
      sse: new SseFitness(clock, options.sseResilience),
      live: readLiveMode(options.live),
      pauseWhenHidden: options.pauseWhenHidden ?? true,
      idleMs: bounds.idleTimeout,
      maxBufferBytes: bounds.maxBufferBytes,
      delayMs: (attempt) => backoffDelay(attempt, backoff, clock),
    },
    startOffset,
  )
}

function readLiveMode(live: unknown): Exclude<LiveMode, 'auto'> {
  if (live === undefined || live === 'auto') return true
  if (typeof live === 'boolean' || live === 'long-poll' || live === 'sse') return live
  throw streamError(
    'INVALID_OPTION',
    `live is true, false, 'long-poll' or 'sse', not ${JSON.stringify(live)}`,
  )
}
