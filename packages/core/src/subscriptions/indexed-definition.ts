import type { LogDefinition } from './event-log.js'
import type { PatternIndex } from './pattern-index.js'
import type { PatternSegment } from './glob-pattern.js'
import type { SubscriptionEvent } from './subscription-events.js'
import type { SubscriptionState } from './subscription-state.js'
import { applyEvent, snapshotEvents } from './subscription-events.js'
import { emptySubscription, isLive } from './subscription-state.js'
import { literalPattern, parsePattern } from './glob-pattern.js'

/**
 * The definition of a subscription's log that also keeps an index of what the subscription is interested in: its
 * pattern, and its explicit streams.
 */
export function indexedDefinition<Owner>(
  index: PatternIndex<Owner>,
  owner: Owner,
): LogDefinition<SubscriptionState, SubscriptionEvent> {
  let current = emptySubscription()
  let pattern: PatternSegment[] | null = null

  const withdraw = (): void => {
    if (pattern !== null) index.remove(pattern, owner)
    pattern = null
    for (const [path, { isExplicit }] of current.links)
      if (isExplicit) index.remove(literalPattern(path), owner)
  }
  const setExplicit = (path: string, was: boolean, is: boolean): void => {
    if (was && !is) index.remove(literalPattern(path), owner)
    if (is && !was) index.add(literalPattern(path), owner)
  }
  const follow = (state: SubscriptionState, event: SubscriptionEvent): void => {
    if (event.e === 'linked') {
      for (const [path, isExplicit] of event.links)
        setExplicit(path, state.links.get(path)?.isExplicit ?? false, isExplicit === 1)
    } else if (event.e === 'unlinked') {
      for (const path of event.paths) setExplicit(path, state.links.get(path)?.isExplicit ?? false, false)
    } else if (event.e === 'deleted') withdraw()
  }

  return {
    empty() {
      withdraw()
      current = emptySubscription()
      return current
    },
    apply(state, event) {
      follow(state, event)
      applyEvent(state, event)
      if (event.e !== 'configured' || !isLive(state) || state.config.pattern === null) return
      pattern = parsePattern(state.config.pattern)
      index.add(pattern, owner)
    },
    snapshot: snapshotEvents,
  }
}
