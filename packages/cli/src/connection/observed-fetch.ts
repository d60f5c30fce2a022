/** How requests are sent and watched. */
export interface FetchSettings {
  /** Milliseconds until an answer must begin, apart from the time that a body takes to be sent. */
  readonly timeoutMs: number
  /** Told of every request and its answer; null for nobody. */
  readonly log: ((line: string) => void) | null
}

/** The slowest upload that is waited for, in bytes per millisecond. */
const SLOWEST_UPLOAD = 16

/** A fetch that gives up a request without an answer, and tells what it does. */
export class ObservedFetch {
  /** The status of the last answer; 0 before there is one. */
  lastStatus = 0
  readonly #settings: FetchSettings

  constructor(settings: FetchSettings) {
    this.#settings = settings
  }

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const { timeoutMs, log } = this.#settings
    const startedAt = performance.now()
    const url = input instanceof Request ? input.url : String(input)
    const label = `${init.method ?? 'GET'} ${url}`
    const timeout = new AbortController()
    const limitMs = limitFor(url, init.body, timeoutMs)
    const timer = setTimeout(() => {
      timeout.abort(new Error(`the server did not answer within ${Math.round(limitMs / 100) / 10} s`))
    }, limitMs)
    try {
      const signals = [timeout.signal, ...(init.signal ? [init.signal] : [])]
      const response = await globalThis.fetch(input, { ...init, signal: AbortSignal.any(signals) })
      this.lastStatus = response.status
      log?.(`${label} -> ${response.status} (${Math.round(performance.now() - startedAt)} ms)`)
      return response
    } catch (error) {
      log?.(`${label} -> ${timeout.signal.aborted ? 'no answer in time' : 'failed'}`)
      throw timeout.signal.aborted ? (timeout.signal.reason as Error) : error
    } finally {
      clearTimeout(timer)
    }
  }
}

/** A long-poll is answered when there is something to tell; servers hold it for up to a minute. */
const LONG_POLL_MS = 90_000

function limitFor(url: string, body: RequestInit['body'], timeoutMs: number): number {
  if (new URL(url).searchParams.get('live') === 'long-poll') return Math.max(timeoutMs, LONG_POLL_MS)
  const size = body instanceof Uint8Array ? body.length : typeof body === 'string' ? body.length : 0
  return timeoutMs + size / SLOWEST_UPLOAD
}
