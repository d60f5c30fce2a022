/** Header names of the protocol, spelled out here so that a typo elsewhere cannot agree with itself. */
export const H = {
  closed: 'Stream-Closed',
  nextOffset: 'Stream-Next-Offset',
  upToDate: 'Stream-Up-To-Date',
  cursor: 'Stream-Cursor',
  ttl: 'Stream-TTL',
  expiresAt: 'Stream-Expires-At',
  seq: 'Stream-Seq',
  forkedFrom: 'Stream-Forked-From',
  forkOffset: 'Stream-Fork-Offset',
  forkSubOffset: 'Stream-Fork-Sub-Offset',
  sseEncoding: 'Stream-SSE-Data-Encoding',
  producerId: 'Producer-Id',
  producerEpoch: 'Producer-Epoch',
  producerSeq: 'Producer-Seq',
  producerExpectedSeq: 'Producer-Expected-Seq',
  producerReceivedSeq: 'Producer-Received-Seq',
  contentType: 'Content-Type',
  cacheControl: 'Cache-Control',
  etag: 'ETag',
  ifNoneMatch: 'If-None-Match',
  location: 'Location',
} as const

/** Field names of the JSON in an SSE `control` event. */
export interface ControlFields {
  readonly streamNextOffset?: unknown
  readonly streamCursor?: unknown
  readonly upToDate?: unknown
  readonly streamClosed?: unknown
}

export const TEXT = 'text/plain'
export const JSON_TYPE = 'application/json'
export const BINARY = 'application/octet-stream'
