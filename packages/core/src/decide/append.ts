import type { Decision, StreamState } from './stream-state.js'
import type { Offset } from '../protocol/branded.js'
import type { ProducerState, ProducerTuple, ProducerVerdict } from '../producer/producer-state.js'
import type { RequestBody } from './request-body.js'
import type { StreamRecord } from '../store/record.js'
import { contentKindOf, sameContentType } from '../protocol/content-type.js'
import { lifecycleOf, offsetAt, refused } from './stream-state.js'
import { formatProducerEntry, parseProducerEntry, producerEntryKey } from '../store/record.js'
import { judgeProducer, sameTuple } from '../producer/producer-state.js'
import { moveOffset } from '../protocol/offset.js'

/** An append, a close, or both in one step. @see PROTOCOL §5.2, §5.3 */
export interface AppendRequest {
  /** Null when the request had none, which only a close without a body may. */
  readonly contentType: string | null
  readonly body: RequestBody
  readonly close: boolean
  readonly producer: ProducerTuple | null
  /** Opaque; compared byte by byte in its ASCII form. */
  readonly streamSeq: string | null
}

export type AppendOutcome =
  | {
      readonly kind: 'appended'
      readonly tail: Offset
      readonly closed: boolean
      /** False when the request only closed the stream. */
      readonly hadBody: boolean
      /** What the stream now remembers of the producer; null when the request named none. */
      readonly producer: ProducerState | null
    }
  /** The attempt had already been accepted; nothing changed. */
  | {
      readonly kind: 'duplicate'
      readonly tail: Offset
      readonly closed: boolean
      readonly producer: ProducerState
    }
  /** A close of a stream that was closed already. */
  | { readonly kind: 'already-closed'; readonly tail: Offset }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'closed'; readonly tail: Offset }
  | { readonly kind: 'content-type-missing' }
  | { readonly kind: 'content-type-mismatch'; readonly expected: string }
  | { readonly kind: 'empty-body' }
  | { readonly kind: 'empty-array' }
  | { readonly kind: 'invalid-json'; readonly message: string; readonly position: number }
  | Exclude<ProducerVerdict, { kind: 'accept' | 'duplicate' }>
  | { readonly kind: 'too-many-producers'; readonly limit: number }
  | { readonly kind: 'stream-seq-regression'; readonly last: string }

export interface AppendLimits {
  readonly maxProducersPerStream: number
}

/**
 * Decides an append. The order of the checks is the order in which a requester learns of them: the stream's
 * existence, its closure, the body, the producer, `Stream-Seq`. A refused attempt changes nothing: no producer
 * state, no `Stream-Seq`, no byte. @see PROTOCOL §5.2 (error precedence)
 */
export function decideAppend(
  state: StreamState | null,
  request: AppendRequest,
  now: number,
  limits: AppendLimits,
): Decision<AppendOutcome> {
  const lifecycle = lifecycleOf(state, now)
  if (state === null || lifecycle === 'absent') return refused({ kind: 'not-found' })
  if (lifecycle === 'gone') return refused({ kind: 'gone' })
  if (state.record.closed) return touching(decideOnClosed(state.record, request))

  const producer = request.producer
  const known =
    producer === null ? null : parseProducerEntry(state.entries.get(producerEntryKey(producer.id)))
  const unfit = checkBody(state.record, request)
  if (unfit !== null) return refused(unfit)
  const verdict = producer === null ? null : judgeProducer(producer, known)
  if (verdict?.kind === 'duplicate') {
    const { record } = state
    const tail = offsetAt(record, record.tail)
    return touching({ kind: 'duplicate', tail, closed: false, producer: verdict.state })
  }
  if (verdict !== null && verdict.kind !== 'accept') return refused(verdict)
  const invalid = checkMessages(state.record, request)
  if (invalid !== null) return refused(invalid)
  if (producer !== null && known === null && state.record.producerCount >= limits.maxProducersPerStream) {
    return refused({ kind: 'too-many-producers', limit: limits.maxProducersPerStream })
  }
  const last = state.record.lastStreamSeq
  if (request.streamSeq !== null && last !== null && request.streamSeq <= last) {
    return refused({ kind: 'stream-seq-regression', last })
  }
  return acceptAppend(state.record, request, verdict?.state ?? null, known === null, now)
}

/** What a closed stream answers: its closing attempt again, or another close, is fine; anything else is late. */
function decideOnClosed(record: StreamRecord, request: AppendRequest): AppendOutcome {
  const tail = offsetAt(record, record.tail)
  if (request.producer !== null) {
    const repeats = record.closedBy !== null && sameTuple(record.closedBy, request.producer)
    if (!repeats) return { kind: 'closed', tail }
    const { epoch, seq } = request.producer
    return { kind: 'duplicate', tail, closed: true, producer: { epoch, lastSeq: seq } }
  }
  return request.close && request.body.length === 0
    ? { kind: 'already-closed', tail }
    : { kind: 'closed', tail }
}

function checkBody(record: StreamRecord, request: AppendRequest): AppendOutcome | null {
  if (request.body.length === 0) return request.close ? null : { kind: 'empty-body' }
  if (request.contentType === null) return { kind: 'content-type-missing' }
  if (sameContentType(request.contentType, record.contentType)) return null
  return { kind: 'content-type-mismatch', expected: record.contentType }
}

function checkMessages(record: StreamRecord, request: AppendRequest): AppendOutcome | null {
  const { stored, length } = request.body
  if (length === 0) return null
  if (!stored.ok) return { kind: 'invalid-json', message: stored.message, position: stored.position }
  if (stored.bytes.length === 0 && contentKindOf(record.contentType) === 'json')
    return { kind: 'empty-array' }
  return null
}

function acceptAppend(
  record: StreamRecord,
  request: AppendRequest,
  producer: ProducerState | null,
  isNewProducer: boolean,
  now: number,
): Decision<AppendOutcome> {
  const bytes = request.body.stored.ok ? request.body.stored.bytes : new Uint8Array(0)
  const next = advanceRecord(record, {
    tail: record.tail + bytes.length,
    closed: request.close,
    closedBy: request.close ? request.producer : null,
    lastStreamSeq: request.streamSeq ?? record.lastStreamSeq,
    producerCount: record.producerCount + (request.producer !== null && isNewProducer ? 1 : 0),
  })
  const outcome: AppendOutcome = {
    kind: 'appended',
    tail: offsetAt(next, next.tail),
    closed: next.closed,
    hadBody: bytes.length > 0,
    producer,
  }
  const isOrdered = request.close || request.streamSeq !== null
  if (request.producer === null || producer === null) {
    return { outcome, change: { record: next, bytes, touchedAt: now, commutes: !isOrdered } }
  }
  const entry = [producerEntryKey(request.producer.id), formatProducerEntry(producer)] as const
  const commutes = !isOrdered && !isNewProducer
  return { outcome, change: { record: next, bytes, entries: [entry], touchedAt: now, commutes } }
}

/** What an append is told whose change commuted, and went behind so many bytes that it did not know of. */
export function moveAppended(outcome: AppendOutcome, byBytes: number): AppendOutcome {
  if (outcome.kind !== 'appended') return outcome
  const { tail, closed, hadBody, producer } = outcome
  return { kind: 'appended', tail: moveOffset(tail, byBytes), closed, hadBody, producer }
}

/** What an append changes of a record. */
type Advance = Pick<StreamRecord, 'tail' | 'closed' | 'closedBy' | 'lastStreamSeq' | 'producerCount'>

/** Written out, because this is the hottest copy there is, and engines copy a literal several times faster. */
function advanceRecord(record: StreamRecord, advance: Advance): StreamRecord {
  return {
    streamId: record.streamId,
    state: record.state,
    contentType: record.contentType,
    createdAt: record.createdAt,
    start: record.start,
    base: record.base,
    tail: advance.tail,
    closed: advance.closed,
    closedBy: advance.closedBy,
    lastStreamSeq: advance.lastStreamSeq,
    expiry: record.expiry,
    lineage: record.lineage,
    origin: record.origin,
    forkDepth: record.forkDepth,
    forkCount: record.forkCount,
    pendingForks: record.pendingForks,
    producerCount: advance.producerCount,
    unsettledSince: record.unsettledSince,
  }
}

/** A request that changed nothing, but used the stream as every write does. @see PROTOCOL §5.1 (Stream-TTL) */
function touching(outcome: AppendOutcome): Decision<AppendOutcome> {
  return { outcome, change: 'touch' }
}
