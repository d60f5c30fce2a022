import {
  PRODUCER_EPOCH_HEADER,
  PRODUCER_EXPECTED_SEQ_HEADER,
  PRODUCER_RECEIVED_SEQ_HEADER,
  PRODUCER_SEQ_HEADER,
  STREAM_CLOSED_HEADER,
  STREAM_OFFSET_HEADER,
} from '../constants.js'
import type { Offset } from '../read/read-plan.js'

/** What a server says to a batch. @see PROTOCOL §5.2.1 */
export type ProducerAnswer =
  /** Written now, or (`duplicate`) by an earlier request of this number. `lastSeq` is the highest that is written. */
  | {
      readonly kind: 'accepted'
      readonly offset: Offset
      readonly duplicate: boolean
      readonly lastSeq: number | null
    }
  /** The producer is in a newer epoch. */
  | { readonly kind: 'stale-epoch'; readonly currentEpoch: number }
  /** An earlier batch has not arrived yet. */
  | { readonly kind: 'gap'; readonly expectedSeq: number; readonly receivedSeq: number }
  /** The stream is closed. */
  | { readonly kind: 'closed'; readonly finalOffset: Offset | null }

/**
 * Reads an answer; null if it is one that says nothing about producers, such as a 404. Closing without data is
 * answered with 204 the first time too.
 */
export function readProducerAnswer(
  { status, headers }: Response,
  closesOnly: boolean,
): ProducerAnswer | null {
  const offset = headers.get(STREAM_OFFSET_HEADER)
  const isClosed = headers.get(STREAM_CLOSED_HEADER)?.toLowerCase() === 'true'
  if (status === 200 || status === 204) {
    const duplicate = status === 204 && !(closesOnly && isClosed)
    return {
      kind: 'accepted',
      offset: offset ?? '',
      duplicate,
      lastSeq: readNumber(headers.get(PRODUCER_SEQ_HEADER)),
    }
  }
  if (status === 403) {
    const currentEpoch = readNumber(headers.get(PRODUCER_EPOCH_HEADER))
    return currentEpoch === null ? null : { kind: 'stale-epoch', currentEpoch }
  }
  if (status !== 409) return null
  if (headers.get(STREAM_CLOSED_HEADER)?.toLowerCase() === 'true')
    return { kind: 'closed', finalOffset: offset }
  const expectedSeq = readNumber(headers.get(PRODUCER_EXPECTED_SEQ_HEADER))
  const receivedSeq = readNumber(headers.get(PRODUCER_RECEIVED_SEQ_HEADER))
  return expectedSeq === null ? null : { kind: 'gap', expectedSeq, receivedSeq: receivedSeq ?? -1 }
}

function readNumber(value: string | null): number | null {
  return value !== null && /^\d+$/.test(value) ? Number(value) : null
}
