import type { FetchFunction } from '../server/case-context.js'
import { runAtOnce } from './worker-pool.js'

const AT_ONCE = 8
const BUDGET_MS = 5000

/** Deletes what a run has created, as far as that can be done in a few seconds. A server that refuses keeps it. */
export async function removeStreams(
  paths: readonly string[],
  {
    baseUrl,
    headers = {},
    fetch = globalThis.fetch,
  }: {
    readonly baseUrl: string
    readonly headers?: Readonly<Record<string, string>>
    readonly fetch?: FetchFunction
  },
): Promise<void> {
  const { origin } = new URL(baseUrl)
  const signal = AbortSignal.timeout(BUDGET_MS)
  // Forks were made after their sources; taking them first leaves nothing that is only half deleted.
  await runAtOnce([...paths].reverse(), AT_ONCE, async (path) => {
    if (signal.aborted) return
    await fetch(`${origin}${path}`, { method: 'DELETE', headers, signal, redirect: 'manual' }).then(
      (response) => response.body?.cancel(),
      () => undefined,
    )
  })
}
