import type { Expiry } from '../protocol/expiry.js'
import type { ProducerState, ProducerTuple } from '../producer/producer-state.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import { deadlineOf } from '../protocol/expiry.js'

/**
 * Everything that is remembered of one stream, apart from its bytes and its entries. It is plain JSON data: a
 * store keeps it whole and reads only `streamId`, `base`, `tail` and what {@link dueAt} needs. In a record that
 * replaces another, the parts that did not change are the same objects, so that a store may keep only what did.
 */
export interface StreamRecord {
  readonly streamId: StreamId
  readonly state: RecordState
  /** Verbatim, as the creator sent it. */
  readonly contentType: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The first readable position; 0 until retention drops bytes. */
  readonly start: number
  /** The position of the stream's own first byte: where it forked off, 0 when it is no fork. */
  readonly base: number
  /** The position after the last byte. */
  readonly tail: number
  readonly closed: boolean
  /** The producer attempt that closed the stream, which may be repeated; null when there was none. */
  readonly closedBy: ProducerTuple | null
  /** The last `Stream-Seq` accepted; its scope is the stream. @see PROTOCOL §5.2 */
  readonly lastStreamSeq: string | null
  readonly expiry: Expiry
  /** Where the bytes before `base` are, in order; empty when the stream is no fork. */
  readonly lineage: readonly LineagePart[]
  /** What the stream was forked from; null when it is no fork. */
  readonly origin: ForkOrigin | null
  /** From how many streams it descends, one forked from the other; 0 when it is no fork. */
  readonly forkDepth: number
  /** How many forks hold this stream; each has an entry of {@link forkEntryKey}. */
  readonly forkCount: number
  /** Forks whose creation was begun and not yet confirmed; they hold the stream, too. */
  readonly pendingForks: readonly PendingFork[]
  readonly producerCount: number
  /**
   * Since when this fork is half made (live) or half removed (`removing`): its source may not know yet. Null when
   * there is nothing to settle.
   */
  readonly unsettledSince: number | null
}

/**
 * - `live`: serves requests.
 * - `soft-deleted`: deleted or expired, kept for the forks that read its bytes. @see PROTOCOL §4.2
 * - `removing`: a fork that is deleted for everybody, and still has to let go of its source.
 */
export type RecordState = 'live' | 'soft-deleted' | 'removing'

/** The bytes up to position `end` belong to incarnation `streamId` at `path`; parts follow each other. */
export interface LineagePart {
  /** Where that stream is kept. Forks hold it there, so nothing else takes its place. */
  readonly path: StreamPath
  readonly streamId: StreamId
  readonly end: number
}

/** The source that a fork is bound to: an incarnation, never just a path. */
export interface ForkOrigin {
  readonly path: StreamPath
  readonly streamId: StreamId
  /** The position of the offset that the fork was asked for. */
  readonly anchor: number
  /** How many messages (JSON) or bytes past the anchor were inherited in addition. */
  readonly subOffset: number
}

/** A fork between the commit that adds it to its source and the one that confirms it. */
export interface PendingFork {
  readonly streamId: StreamId
  readonly path: StreamPath
  readonly since: number
}

/** The record of a stream that has only got longer, with every field of it, those that a later version has added included. */
export function withTail(record: StreamRecord, tail: number): StreamRecord {
  // Faster than a literal that spreads the record and then says its tail, which engines define like a new property.
  const longer: { -readonly [Field in keyof StreamRecord]: StreamRecord[Field] } = { ...record }
  longer.tail = tail
  return longer
}

/** The key of the entry that remembers one producer. */
export function producerEntryKey(producerId: string): string {
  return `p:${producerId}`
}

/** The key of the entry by which one fork holds its source; its value is the fork's path. */
export function forkEntryKey(forkId: StreamId): string {
  return `f:${forkId}`
}

/** Writes a producer's state as an entry. */
export function formatProducerEntry(state: ProducerState): string {
  return `${state.epoch}:${state.lastSeq}`
}

/** Reads a producer's entry; null when there is none. */
export function parseProducerEntry(entry: string | undefined): ProducerState | null {
  if (entry === undefined) return null
  const colon = entry.indexOf(':')
  return { epoch: Number(entry.slice(0, colon)), lastSeq: Number(entry.slice(colon + 1)) }
}

/** How long unfinished work over two streams rests before the sweeper takes it up, in milliseconds. */
export const SETTLE_AFTER_MS = 30_000

/**
 * The moment from which a store's `due` must name the stream: when it expires, or when unfinished work over two
 * streams is to be settled; Infinity when there is nothing to wait for. A deleted stream no longer expires.
 */
export function dueAt(
  record: Pick<StreamRecord, 'state' | 'expiry' | 'unsettledSince' | 'pendingForks'>,
  touchedAt: number,
): number {
  const deadline = record.state === 'live' ? deadlineOf(record.expiry, touchedAt) : Infinity
  const unsettled = Math.min(record.unsettledSince ?? Infinity, record.pendingForks[0]?.since ?? Infinity)
  return Math.min(deadline, unsettled + SETTLE_AFTER_MS)
}

/**
 * The moment from which nobody would miss the stream if it were gone without a word: when it expires, if no fork holds
 * it and it holds no source; Infinity otherwise. A store that can forget by itself may do so some time after it, so
 * that no space is taken for ever if no server runs any more. A sliding window may still be moved on before it ends.
 */
export function vanishesAt(record: StreamRecord, touchedAt: number): number {
  const isTied = record.origin !== null || record.forkCount > 0 || record.pendingForks.length > 0
  return isTied || record.state !== 'live' ? Infinity : deadlineOf(record.expiry, touchedAt)
}
