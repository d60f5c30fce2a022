import type { Target } from './target-url.js'

const REACH_TIMEOUT_MS = 10_000
/** Beyond this a long-poll is taken to last as long. */
const MOST_LONG_POLL_MS = 65_000

export type Probe =
  | { readonly kind: 'ready' }
  /** Nothing answered at all. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Something answered that has no streams there, or does not let us create any. */
  | { readonly kind: 'no-streams'; readonly status: number }

/** Statuses to a plain PUT which say that no stream server is there, or that it wants to know who asks. */
const NOT_HERE: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 403, 404, 405, 501])

/** Finds out whether streams can be created at the target, by creating one. */
export async function probeServer(
  target: Target,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Probe> {
  const url = probeUrl(target)
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'Content-Type': 'text/plain', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REACH_TIMEOUT_MS)]),
    })
    await response.body?.cancel()
    if (NOT_HERE.has(response.status)) return { kind: 'no-streams', status: response.status }
    await removeProbe(url, headers)
    return { kind: 'ready' }
  } catch (error) {
    return { kind: 'unreachable', reason: explain(error) }
  }
}

/** Measures how long the server holds a long-poll open, on an empty stream of its own. */
export async function measureLongPoll(
  target: Target,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  const url = probeUrl(target)
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MOST_LONG_POLL_MS)])
  const init = { headers: { 'Content-Type': 'text/plain', ...headers }, signal: limit }
  let startedAt = performance.now()
  try {
    await (await fetch(url, { ...init, method: 'PUT' })).body?.cancel()
    startedAt = performance.now()
    await (await fetch(`${url}?offset=now&live=long-poll`, init)).body?.cancel()
  } catch {
    // Ended by the limit, or broken: what can be said is how long it lasted.
  }
  const durationMs = Math.round(performance.now() - startedAt)
  await removeProbe(url, headers)
  return Math.max(durationMs, 1)
}

function probeUrl({ origin, basePath }: Target): string {
  const id = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}`
  return `${origin}${basePath}/conformance-probe-${id}`
}

async function removeProbe(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  await fetch(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(2000) }).then(
    (response) => response.body?.cancel(),
    () => undefined,
  )
}

/** fetch hides what happened in the cause of its error, and several causes in one without any text. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${REACH_TIMEOUT_MS / 1000} seconds`
  const cause = error.cause
  if (cause instanceof AggregateError) return explain(cause.errors[0])
  return cause instanceof Error ? cause.message : error.message
}
