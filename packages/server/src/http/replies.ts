import type {
  AppendOutcome,
  DeleteOutcome,
  ForkOutcome,
  HeadOutcome,
  ReadRefusal,
  StreamInfo,
} from '@ds/core'
import type { HttpReply } from './exchange.js'
import { HEADER, formatTimestamp } from '@ds/core'
import { errorReply } from './errors.js'

/** The one place where outcomes become statuses and headers. */

/** @see PROTOCOL §5.1 (response codes), §4.2 (fork creation errors) */
export function replyToCreate(outcome: ForkOutcome, location: string): HttpReply {
  switch (outcome.kind) {
    case 'created':
      return bare(201, ['location', location, ...describe(outcome.stream)])
    case 'exists':
      return bare(200, describe(outcome.stream))
    case 'conflict':
      return errorReply('STREAM_EXISTS', `a stream with another ${outcome.mismatch} exists here`)
    case 'soft-deleted':
      return errorReply('STREAM_DELETED', 'the stream was deleted, and forks still read it')
    case 'invalid-json':
      return invalidJson(outcome)
    case 'source-not-found':
      return errorReply('FORK_SOURCE_NOT_FOUND', 'the stream to fork from does not exist')
    case 'source-gone':
      return errorReply('FORK_SOURCE_DELETED', 'the stream to fork from was deleted')
    case 'source-content-type':
      return errorReply(
        'CONTENT_TYPE_MISMATCH',
        `the stream to fork from has content type ${outcome.expected}`,
      )
    case 'fork-offset':
      return errorReply('INVALID_FORK_OFFSET', 'the offset is none of the stream to fork from')
    case 'fork-sub-offset':
      return errorReply(
        'INVALID_FORK_SUB_OFFSET',
        'the sub-offset lies past the end of the stream to fork from',
      )
    case 'too-many-forks':
      return errorReply('TOO_MANY_FORKS', `a stream has at most ${outcome.limit} forks`)
    case 'too-deep':
      return errorReply('FORK_TOO_DEEP', `a fork descends from at most ${outcome.limit} streams`)
  }
}

/** @see PROTOCOL §5.2 and §5.2.1 (response codes), §5.3 */
export function replyToAppend(outcome: AppendOutcome): HttpReply {
  switch (outcome.kind) {
    case 'appended': {
      const status = outcome.producer !== null && outcome.hadBody ? 200 : 204
      return acknowledge(status, outcome)
    }
    case 'duplicate':
      return acknowledge(204, outcome)
    case 'already-closed':
      return bare(204, position(outcome.tail, true))
    case 'not-found':
    case 'gone':
      return replyToAbsence(outcome.kind)
    case 'closed':
      return errorReply('STREAM_CLOSED', 'the stream is closed', position(outcome.tail, true))
    case 'content-type-missing':
      return errorReply('MISSING_CONTENT_TYPE', 'an append with a body needs a content-type')
    case 'content-type-mismatch':
      return errorReply('CONTENT_TYPE_MISMATCH', `the stream has content type ${outcome.expected}`)
    case 'empty-body':
      return errorReply('EMPTY_BODY', 'an append needs a body, unless it closes the stream')
    case 'empty-array':
      return errorReply('EMPTY_ARRAY', 'an empty array holds no message')
    case 'invalid-json':
      return invalidJson(outcome)
    case 'stale-epoch':
      return errorReply('STALE_EPOCH', `the producer is in epoch ${outcome.currentEpoch}`, [
        HEADER.producerEpoch,
        String(outcome.currentEpoch),
      ])
    case 'epoch-start':
      return errorReply('INVALID_EPOCH_START', 'a new epoch begins with producer-seq 0')
    case 'gap':
      return errorReply('SEQUENCE_GAP', `producer-seq ${outcome.expectedSeq} comes next`, [
        HEADER.producerExpectedSeq,
        String(outcome.expectedSeq),
        HEADER.producerReceivedSeq,
        String(outcome.receivedSeq),
      ])
    case 'too-many-producers':
      return errorReply('TOO_MANY_PRODUCERS', `a stream knows at most ${outcome.limit} producers`)
    case 'stream-seq-regression':
      return errorReply('STREAM_SEQ_REGRESSION', `the last stream-seq was ${outcome.last}`)
  }
}

/** @see PROTOCOL §5.4 */
export function replyToDelete(outcome: DeleteOutcome): HttpReply {
  return outcome.kind === 'deleted' ? bare(204, []) : replyToAbsence(outcome.kind)
}

/** @see PROTOCOL §5.5 */
export function replyToHead(outcome: HeadOutcome): HttpReply {
  if (outcome.kind !== 'found') return replyToAbsence(outcome.kind)
  const { stream } = outcome
  const headers = [...describe(stream), 'cache-control', 'no-store']
  if (stream.expiry.kind === 'ttl') headers.push(HEADER.streamTtl, String(stream.expiry.seconds))
  if (stream.expiry.kind === 'at') headers.push(HEADER.streamExpiresAt, formatTimestamp(stream.expiry.atMs))
  return bare(200, headers)
}

/** @see PROTOCOL §5.6 (response codes) */
export function replyToReadRefusal(outcome: ReadRefusal): HttpReply {
  switch (outcome.kind) {
    case 'not-found':
    case 'gone':
      return replyToAbsence(outcome.kind)
    case 'offset-invalid':
      return errorReply('INVALID_OFFSET', 'the offset is none of this stream')
    case 'offset-gone':
      return errorReply('OFFSET_GONE', 'what this offset meant is gone; read from the start')
  }
}

export function replyToAbsence(kind: 'not-found' | 'gone'): HttpReply {
  return kind === 'gone'
    ? errorReply('STREAM_GONE', 'the stream was deleted')
    : errorReply('STREAM_NOT_FOUND', 'no stream exists here')
}

/** A response without a body. */
export function bare(status: number, headers: string[]): HttpReply {
  return { status, headers, body: null }
}

/** The headers that tell where a stream ends. */
export function position(next: string, closed: boolean): string[] {
  return closed
    ? [HEADER.streamNextOffset, next, HEADER.streamClosed, 'true']
    : [HEADER.streamNextOffset, next]
}

function describe(stream: StreamInfo): string[] {
  return [HEADER.contentType, stream.contentType, ...position(stream.tail, stream.closed)]
}

/** Tells a writer where the stream ends and, if it is a producer, what the stream remembers of it. */
function acknowledge(
  status: number,
  { tail, closed, producer }: Pick<AppendOutcome & { kind: 'appended' }, 'tail' | 'closed' | 'producer'>,
): HttpReply {
  const headers = position(tail, closed)
  if (producer !== null) {
    headers.push(HEADER.producerEpoch, String(producer.epoch), HEADER.producerSeq, String(producer.lastSeq))
  }
  return bare(status, headers)
}

function invalidJson(outcome: { readonly message: string; readonly position: number }): HttpReply {
  return errorReply('INVALID_JSON', `the body is no JSON: ${outcome.message} at byte ${outcome.position}`)
}
