import type { LogDecision } from './event-log.js'
import type { LinkEntry, SubscriptionEvent } from './subscription-events.js'
import type { LiveSubscription, StreamLink, SubscriptionState } from './subscription-state.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamTails } from './stream-tails.js'
import type { SubscriptionConfig } from './subscription-config.js'
import { inParts } from './subscription-events.js'
import { isLive } from './subscription-state.js'
import { matchesPattern, parsePattern } from './glob-pattern.js'
import { tailOf } from './stream-tails.js'

type Decided<Outcome> = LogDecision<Outcome, SubscriptionEvent>

/** A subscription to be made, or to be found as asked. @see PROTOCOL §6.2 */
export interface NewSubscription {
  readonly config: SubscriptionConfig
  readonly hash: string
  readonly incarnation: string
  readonly baseUrl: string
  /** Where the explicit streams end now. */
  readonly tails: StreamTails
}

export type CreateSubscriptionOutcome =
  | { readonly kind: 'created' }
  /** It exists with the same configuration. */
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'conflict' }

/**
 * Decides a creation. The first generation after a deletion goes on from the last one before it, so that nothing of
 * the deleted subscription can be taken for its successor's.
 */
export function decideCreateSubscription(
  state: SubscriptionState,
  request: NewSubscription,
  now: number,
): Decided<CreateSubscriptionOutcome> {
  const { config, hash, incarnation, baseUrl, tails } = request
  if (isLive(state)) {
    return { outcome: { kind: state.configHash === hash ? 'confirmed' : 'conflict' }, events: [] }
  }
  const links = config.streams.map((path) => linkAtTail(path, true, tails))
  const events: SubscriptionEvent[] = [
    {
      e: 'configured',
      config,
      hash,
      incarnation,
      baseUrl,
      at: now,
      generation: state.generation,
      backfillAfter: config.pattern === null ? null : '',
    },
    ...inParts(links, (part) => ({ e: 'linked', links: part })),
  ]
  return { outcome: { kind: 'created' }, events, as: 'replace' }
}

export type LinkOutcome =
  | { readonly kind: 'linked' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'too-many-links'; readonly limit: number }
  /** A subscription cannot be woken by its own wakes. */
  | { readonly kind: 'own-wake-stream' }

/** Decides to link streams explicitly, those that are new at their tail. @see PROTOCOL §6.4 */
export function decideLink(
  state: SubscriptionState,
  paths: readonly StreamPath[],
  tails: StreamTails,
  maxLinks: number,
): Decided<LinkOutcome> {
  if (!isLive(state)) return { outcome: { kind: 'not-found' }, events: [] }
  if (paths.some((path) => path === state.config.wakeStream))
    return { outcome: { kind: 'own-wake-stream' }, events: [] }
  const links: LinkEntry[] = []
  let added = 0
  for (const path of new Set(paths)) {
    const link = state.links.get(path)
    if (link === undefined) {
      added++
      links.push(linkAtTail(path, true, tails))
    } else if (!link.isExplicit) links.push([path, 1, link.acked])
  }
  if (state.links.size + added > maxLinks)
    return { outcome: { kind: 'too-many-links', limit: maxLinks }, events: [] }
  return {
    outcome: { kind: 'linked' },
    events: [...inParts(links, (part) => ({ e: 'linked', links: part }))],
  }
}

/** Decides to take an explicit link away; what the pattern matches stays linked. @see PROTOCOL §6.4 */
export function decideUnlink(
  state: SubscriptionState,
  path: StreamPath,
): Decided<{ readonly kind: 'unlinked' | 'not-found' }> {
  if (!isLive(state)) return { outcome: { kind: 'not-found' }, events: [] }
  const link = state.links.get(path)
  const outcome = { kind: 'unlinked' } as const
  if (link?.isExplicit !== true) return { outcome, events: [] }
  if (findsByPattern(state.config, path))
    return { outcome, events: [{ e: 'linked', links: [[path, 0, link.acked]] }] }
  return { outcome, events: [{ e: 'unlinked', paths: [path] }] }
}

/** A part of the streams that existed when a subscription was made. */
export interface BackfillPart {
  readonly incarnation: string
  /** Where the part begins; the decision is void if another node has come further. */
  readonly from: string
  /** Where it ends; null when there are no more streams. */
  readonly to: string | null
  /** The streams in it that the pattern matches. */
  readonly tails: StreamTails
}

/** Decides to link existing streams at their tail. @see PROTOCOL §6.2 (backfill) */
export function decideBackfill(
  state: SubscriptionState,
  part: BackfillPart,
  maxLinks: number,
): Decided<{ readonly kind: 'advanced' | 'overtaken' | 'too-many-links' }> {
  if (!isLive(state) || state.incarnation !== part.incarnation || state.backfillAfter !== part.from)
    return { outcome: { kind: 'overtaken' }, events: [] }
  const links: LinkEntry[] = []
  for (const [path, record] of part.tails) {
    if (record !== null && !state.links.has(path)) links.push([path, 0, tailOf(record)])
  }
  const room = Math.max(0, maxLinks - state.links.size)
  const isOver = links.length > room
  const events: SubscriptionEvent[] = [
    ...inParts(links.slice(0, room), (some) => ({ e: 'linked' as const, links: some })),
    { e: 'backfilled', after: isOver ? null : part.to },
  ]
  return { outcome: { kind: isOver ? 'too-many-links' : 'advanced' }, events }
}

/**
 * Decides to forget links whose stream was found to live no more, unless something came of them meanwhile.
 *
 * @param found the links as they were when their streams were looked for
 */
export function decideForget(
  state: SubscriptionState,
  found: ReadonlyMap<StreamPath, StreamLink>,
): Decided<{ readonly kind: 'forgotten' }> {
  const gone = [...found].flatMap(([path, { acked }]) => {
    const link = state.links.get(path)
    return link?.isExplicit === false && link.acked === acked && !state.pending.has(path) ? [path] : []
  })
  const events = isLive(state) ? [...inParts(gone, (part) => ({ e: 'unlinked' as const, paths: part }))] : []
  return { outcome: { kind: 'forgotten' }, events }
}

/** Decides a deletion; what is left is a tombstone, which fences whatever is still under way. @see PROTOCOL §6.3 */
export function decideDeleteSubscription(
  state: SubscriptionState,
  now: number,
): Decided<{ readonly kind: 'deleted' | 'absent' }> {
  if (!isLive(state)) return { outcome: { kind: 'absent' }, events: [] }
  const { incarnation, generation } = state
  return {
    outcome: { kind: 'deleted' },
    events: [{ e: 'deleted', at: now, incarnation, generation }],
    as: 'replace',
  }
}

/** Decides to remove a tombstone that no token can outlive. */
export function decidePurge(
  state: SubscriptionState,
  keepMs: number,
  now: number,
): Decided<{ readonly kind: 'purged' | 'kept' }> {
  const isOld = state.deletedAt !== null && now >= state.deletedAt + keepMs
  return isOld
    ? { outcome: { kind: 'purged' }, events: [], as: 'remove' }
    : { outcome: { kind: 'kept' }, events: [] }
}

/** Whether a subscription's pattern finds a stream. Its own wake stream would wake it for ever. */
export function findsByPattern(config: SubscriptionConfig, path: StreamPath): boolean {
  if (config.pattern === null || path === config.wakeStream) return false
  return matchesPattern(parsePattern(config.pattern), path)
}

/** Room for links that one step wants to add. */
export function roomForLinks(state: LiveSubscription, maxLinks: number): number {
  return Math.max(0, maxLinks - state.links.size)
}

function linkAtTail(path: StreamPath, isExplicit: boolean, tails: StreamTails): LinkEntry {
  const record = tails.get(path) ?? null
  return [path, isExplicit ? 1 : 0, record === null ? '-1' : tailOf(record)]
}
