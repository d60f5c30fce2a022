import type { Decision, StreamInfo, StreamState } from './stream-state.js'
import type { Expiry } from '../protocol/expiry.js'
import type { ForkOrigin, LineagePart, StreamRecord } from '../store/record.js'
import type { OffsetRequest } from '../protocol/offset.js'
import type { RequestBody } from './request-body.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import { DEFAULT_CONTENT_TYPE, sameContentType } from '../protocol/content-type.js'
import { NEVER, sameExpiry } from '../protocol/expiry.js'
import { describeStream, lifecycleOf, ownerOf, refused } from './stream-state.js'

/** Shared by all streams that have none. */
const NONE: readonly never[] = []

/** A creation, or the assurance that a stream exists. @see PROTOCOL §5.1 */
export interface CreateRequest {
  /** Null when the request had none: the default, or what the source of a fork has. */
  readonly contentType: string | null
  /** Null when the request named none: never, or what the source of a fork has. */
  readonly expiry: Expiry | null
  readonly closed: boolean
  readonly fork: ForkRequest | null
}

/** From where a new stream branches off. @see PROTOCOL §4.2 */
export interface ForkRequest {
  readonly source: StreamPath
  /** Null when the request named none: the source's tail. */
  readonly offset: OffsetRequest | null
  /** Messages (JSON) or bytes to inherit past the offset. */
  readonly subOffset: number
}

/** What a new stream starts from, once a fork's source has been looked at. */
export interface Blueprint {
  readonly streamId: StreamId
  readonly contentType: string
  readonly expiry: Expiry
  readonly closed: boolean
  readonly body: RequestBody
  readonly origin: ForkOrigin | null
  readonly lineage: readonly LineagePart[]
  readonly forkDepth: number
  /** The first readable position, which a fork has from its source. */
  readonly start: number
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly stream: StreamInfo }
  /** A stream with this configuration was there already. */
  | { readonly kind: 'exists'; readonly stream: StreamInfo }
  | { readonly kind: 'conflict'; readonly mismatch: ConfigMismatch }
  /** The path belongs to a deleted stream that forks still read. */
  | { readonly kind: 'soft-deleted' }
  | { readonly kind: 'invalid-json'; readonly message: string; readonly position: number }

/** The path holds a dead fork that has to let go of its source before anything can take its place. */
export interface Unreleased {
  readonly kind: 'unreleased'
}

/** The part of the configuration in which an existing stream differs from the request. */
export type ConfigMismatch = 'content-type' | 'expiry' | 'closure' | 'fork'

/**
 * Compares a creation with the stream that stands at its path; null when none does, so that it may go on.
 * @see PROTOCOL §5.1 (closure status matching), §4.2 (idempotent fork creation)
 */
export function matchExisting(
  state: StreamState | null,
  request: CreateRequest,
  now: number,
): Exclude<CreateOutcome, { kind: 'created' | 'invalid-json' }> | null {
  const lifecycle = lifecycleOf(state, now)
  if (state === null || lifecycle === 'absent') return null
  if (lifecycle === 'gone') return { kind: 'soft-deleted' }
  const mismatch = findMismatch(state.record, request)
  return mismatch === null
    ? { kind: 'exists', stream: describeStream(state) }
    : { kind: 'conflict', mismatch }
}

/** Decides a creation whose path holds nothing any more or never did. */
export function decideCreate(
  state: StreamState | null,
  request: CreateRequest,
  blueprint: Blueprint,
  now: number,
): Decision<CreateOutcome | Unreleased> {
  const existing = matchExisting(state, request, now)
  if (existing !== null) return refused(existing)
  if (state?.record.origin) return refused({ kind: 'unreleased' })
  const { stored } = blueprint.body
  if (!stored.ok) {
    return refused({ kind: 'invalid-json', message: stored.message, position: stored.position })
  }
  const record = buildRecord(blueprint, stored.bytes.length, now)
  const stream = describeStream({ record, touchedAt: now, entries: new Map() })
  return { outcome: { kind: 'created', stream }, change: { record, bytes: stored.bytes, touchedAt: now } }
}

/** The blueprint of a stream that is no fork. */
export function planStream(request: CreateRequest, streamId: StreamId, body: RequestBody): Blueprint {
  return {
    streamId,
    contentType: request.contentType ?? DEFAULT_CONTENT_TYPE,
    expiry: request.expiry ?? NEVER,
    closed: request.closed,
    body,
    origin: null,
    lineage: NONE,
    forkDepth: 0,
    start: 0,
  }
}

function findMismatch(record: StreamRecord, request: CreateRequest): ConfigMismatch | null {
  const isFork = request.fork !== null
  if (isFork ? !matchesFork(record, request.fork) : record.origin !== null) return 'fork'
  // What a fork request leaves out is inherited, so leaving it out again cannot contradict.
  const contentType = request.contentType ?? (isFork ? record.contentType : DEFAULT_CONTENT_TYPE)
  if (!sameContentType(contentType, record.contentType)) return 'content-type'
  const expiry = request.expiry ?? (isFork ? record.expiry : NEVER)
  if (!sameExpiry(expiry, record.expiry)) return 'expiry'
  return request.closed === record.closed ? null : 'closure'
}

function matchesFork(record: StreamRecord, fork: ForkRequest): boolean {
  const { origin } = record
  if (origin?.path !== fork.source || origin.subOffset !== fork.subOffset) return false
  if (fork.offset === null || fork.offset.kind === 'now') return true
  if (fork.offset.kind === 'start') return origin.anchor === 0
  const { position, owner } = fork.offset.point
  return origin.anchor === position && (owner === null || owner === ownerOf(record, position))
}

function buildRecord(blueprint: Blueprint, bodyLength: number, now: number): StreamRecord {
  const base = blueprint.lineage.at(-1)?.end ?? 0
  return {
    streamId: blueprint.streamId,
    state: 'live',
    contentType: blueprint.contentType,
    createdAt: now,
    start: blueprint.start,
    base,
    tail: base + bodyLength,
    closed: blueprint.closed,
    closedBy: null,
    lastStreamSeq: null,
    expiry: blueprint.expiry,
    lineage: blueprint.lineage,
    origin: blueprint.origin,
    forkDepth: blueprint.forkDepth,
    forkCount: 0,
    pendingForks: NONE,
    producerCount: 0,
    unsettledSince: blueprint.origin === null ? null : now,
  }
}
