import type { AckedOffset, SubscriptionState, Wake } from './subscription-state.js'
import type { StreamPath } from '../protocol/branded.js'
import type { SubscriptionConfig } from './subscription-config.js'
import { isLive } from './subscription-state.js'

/** A link as an event tells it, short because there may be many: path, whether explicit, cursor. */
export type LinkEntry = readonly [path: StreamPath, isExplicit: 0 | 1, acked: AckedOffset]

/** What has happened to a subscription; its log is a list of these. */
export type SubscriptionEvent =
  | {
      readonly e: 'configured'
      readonly config: SubscriptionConfig
      readonly hash: string
      readonly incarnation: string
      readonly baseUrl: string
      readonly at: number
      /** What generations go on from: that of a deleted subscription with the same id. */
      readonly generation: number
      readonly backfillAfter: string | null
    }
  | { readonly e: 'backfilled'; readonly after: string | null }
  /** Links that are new or have changed. */
  | { readonly e: 'linked'; readonly links: readonly LinkEntry[] }
  | { readonly e: 'unlinked'; readonly paths: readonly StreamPath[] }
  | { readonly e: 'pending'; readonly paths: readonly StreamPath[] }
  | { readonly e: 'settled'; readonly paths: readonly StreamPath[] }
  | { readonly e: 'acked'; readonly acks: readonly (readonly [path: StreamPath, offset: AckedOffset])[] }
  /** The wake as it is now; null when it has ended. */
  | { readonly e: 'wake'; readonly wake: Wake | null }
  | {
      readonly e: 'deleted'
      readonly at: number
      readonly incarnation: string
      readonly generation: number
    }

/** How many links or paths one event names at most, so that no line of the log is long. */
export const EVENT_PATHS = 500

/** Changes a state by what has happened. */
export function applyEvent(state: SubscriptionState, event: SubscriptionEvent): void {
  switch (event.e) {
    case 'configured':
      state.config = event.config
      state.configHash = event.hash
      state.incarnation = event.incarnation
      state.baseUrl = event.baseUrl
      state.createdAt = event.at
      state.generation = event.generation
      state.backfillAfter = event.backfillAfter
      break
    case 'backfilled':
      state.backfillAfter = event.after
      break
    case 'linked':
      for (const [path, isExplicit, acked] of event.links)
        state.links.set(path, { isExplicit: isExplicit === 1, acked })
      break
    case 'unlinked':
      for (const path of event.paths) {
        state.links.delete(path)
        state.pending.delete(path)
      }
      break
    case 'pending':
      for (const path of event.paths) state.pending.add(path)
      break
    case 'settled':
      for (const path of event.paths) state.pending.delete(path)
      break
    case 'acked':
      for (const [path, acked] of event.acks) {
        const link = state.links.get(path)
        if (link !== undefined) state.links.set(path, { ...link, acked })
      }
      break
    case 'wake':
      state.wake = event.wake
      if (event.wake !== null) state.generation = event.wake.generation
      break
    case 'deleted':
      state.deletedAt = event.at
      state.incarnation = event.incarnation
      state.generation = event.generation
      state.wake = null
      state.links.clear()
      state.pending.clear()
  }
}

/** The fewest events that lead to a state. */
export function* snapshotEvents(state: SubscriptionState): Generator<SubscriptionEvent> {
  const { incarnation, generation, deletedAt } = state
  if (deletedAt !== null) yield { e: 'deleted', at: deletedAt, incarnation, generation }
  if (!isLive(state)) return
  const { config, configHash, baseUrl, createdAt, backfillAfter, links, pending, wake } = state
  yield {
    e: 'configured',
    config,
    hash: configHash,
    incarnation,
    baseUrl,
    at: createdAt,
    generation,
    backfillAfter,
  }
  yield* inParts(entriesOf(links), (part) => ({ e: 'linked', links: part }))
  yield* inParts(pending, (paths) => ({ e: 'pending', paths }))
  if (wake !== null) yield { e: 'wake', wake }
}

/** Events over many items, as several of them. */
export function* inParts<Item>(
  items: Iterable<Item>,
  toEvent: (part: readonly Item[]) => SubscriptionEvent,
): Generator<SubscriptionEvent> {
  let part: Item[] = []
  for (const item of items) {
    part.push(item)
    if (part.length < EVENT_PATHS) continue
    yield toEvent(part)
    part = []
  }
  if (part.length > 0) yield toEvent(part)
}

function* entriesOf(links: SubscriptionState['links']): Generator<LinkEntry> {
  for (const [path, { isExplicit, acked }] of links) yield [path, isExplicit ? 1 : 0, acked]
}
