import type { AppendToStream, CreateStream } from '../src/streams/stream-operations.js'
import type { Offset, StreamId, StreamPath } from '../src/protocol/branded.js'
import type { OffsetRequest } from '../src/protocol/offset.js'
import type { ProducerTuple } from '../src/producer/producer-state.js'
import type { StreamRecord } from '../src/store/record.js'
import { NEVER } from '../src/protocol/expiry.js'
import { joinBytes } from '../src/framing/bytes.js'
import { parseOffset } from '../src/protocol/offset.js'

/** A stream's path, as a test writes it. */
export function pathOf(text: string): StreamPath {
  return text as StreamPath
}

/** A stream's id, made from one short name. */
export function idOf(name: string): StreamId {
  return name.padStart(16, '0') as StreamId
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(pieces: readonly Uint8Array[]): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
    joinBytes([...pieces, new Uint8Array(0)]),
  )
}

/** A creation of a text stream, with what a test wants to be different. */
export function creation(body = '', over: Partial<CreateStream> = {}): CreateStream {
  return { contentType: 'text/plain', expiry: null, closed: false, fork: null, body: bytesOf(body), ...over }
}

/** A creation of a fork that inherits everything that it can. */
export function forkOf(
  source: string,
  offset: OffsetRequest | null = null,
  subOffset = 0,
  over: Partial<CreateStream> = {},
): CreateStream {
  const fork = { source: pathOf(source), offset, subOffset }
  return { contentType: null, expiry: null, closed: false, fork, body: new Uint8Array(0), ...over }
}

/** An append of text, with what a test wants to be different. */
export function appendOf(body: string, over: Partial<AppendToStream> = {}): AppendToStream {
  const contentType = body === '' ? null : 'text/plain'
  return { contentType, body: bytesOf(body), close: false, producer: null, streamSeq: null, ...over }
}

export function producerOf(id: string, epoch: number, seq: number): ProducerTuple {
  return { id, epoch, seq }
}

/** An offset that was handed out, as a request for it. */
export function at(offset: Offset): OffsetRequest {
  return { kind: 'point', point: parseOffset(offset)! }
}

/** The record of an empty live text stream, with what a test wants to be different. */
export function recordOf(over: Partial<StreamRecord> = {}): StreamRecord {
  return {
    streamId: idOf('s'),
    state: 'live',
    contentType: 'text/plain',
    createdAt: 0,
    start: 0,
    base: 0,
    tail: 0,
    closed: false,
    closedBy: null,
    lastStreamSeq: null,
    expiry: NEVER,
    lineage: [],
    origin: null,
    forkDepth: 0,
    forkCount: 0,
    pendingForks: [],
    producerCount: 0,
    unsettledSince: null,
    ...over,
  }
}
