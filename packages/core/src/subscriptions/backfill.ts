import type { Subscription } from './subscription.js'
import type { SubscriptionContext } from './subscription-context.js'
import type { StreamPath } from '../protocol/branded.js'
import { CONTROL_PREFIX } from './subscription-config.js'
import { decideBackfill } from './decide-membership.js'
import { isLive } from './subscription-state.js'
import { literalPrefix, matchesPattern, parsePattern } from './glob-pattern.js'
import { loadTails } from './stream-tails.js'

/** How many paths are asked for at a time, and how many links go into one commit. */
const PAGE = 500
const COMMIT_LINKS = 1_000

/**
 * Links the streams that existed when a subscription was made, at their tails, part by part, from where it was left.
 * Several nodes may do it at once: a part counts once. Resolves when there are none left. @see PROTOCOL §6.2
 */
export async function backfill(subscription: Subscription, context: SubscriptionContext): Promise<void> {
  while (!context.isStopping()) {
    const { state } = subscription.log
    if (!isLive(state) || state.backfillAfter === null) return
    const { incarnation, backfillAfter: from } = state
    const { paths, to } = await findMatching(state.config.pattern!, state.config.wakeStream, from, context)
    const tails = await loadTails(context.engine.store, paths, () => context.environment.now())
    const part = { incarnation, from, to, tails }
    await subscription.transact((now) => decideBackfill(now, part, context.limits.maxLinksPerSubscription))
  }
}

/** The next streams that a pattern matches, and how far that is; null when it is the end. */
async function findMatching(
  pattern: string,
  wakeStream: StreamPath | null,
  from: string,
  { engine, environment }: SubscriptionContext,
): Promise<{ readonly paths: StreamPath[]; readonly to: string | null }> {
  const parsed = parsePattern(pattern)
  const prefix = literalPrefix(parsed)
  const paths: StreamPath[] = []
  let after = from
  while (paths.length < COMMIT_LINKS) {
    const page = await engine.store.list(prefix, after, PAGE)
    if (page.length === 0) return { paths, to: null }
    for (const path of page) {
      if (path.startsWith(CONTROL_PREFIX) || path === wakeStream) continue
      if (matchesPattern(parsed, path)) paths.push(path)
    }
    after = skipControl(page.at(-1)!)
    await new Promise<void>((resolve) => environment.defer(resolve))
  }
  return { paths, to: after }
}

/** Beyond what the server keeps for itself, if that is where a page has ended. */
function skipControl(path: string): string {
  return path.startsWith(CONTROL_PREFIX) ? `${CONTROL_PREFIX}\u{10ffff}` : path
}
