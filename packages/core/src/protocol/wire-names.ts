/**
 * The names of the protocol's headers, query parameters and sentinels, in lower case as HTTP compares them.
 * @see PROTOCOL §13.2
 */
export const HEADER = {
  contentType: 'content-type',
  streamTtl: 'stream-ttl',
  streamExpiresAt: 'stream-expires-at',
  streamSeq: 'stream-seq',
  streamClosed: 'stream-closed',
  streamNextOffset: 'stream-next-offset',
  streamCursor: 'stream-cursor',
  streamUpToDate: 'stream-up-to-date',
  streamForkedFrom: 'stream-forked-from',
  streamForkOffset: 'stream-fork-offset',
  streamForkSubOffset: 'stream-fork-sub-offset',
  sseDataEncoding: 'stream-sse-data-encoding',
  producerId: 'producer-id',
  producerEpoch: 'producer-epoch',
  producerSeq: 'producer-seq',
  producerExpectedSeq: 'producer-expected-seq',
  producerReceivedSeq: 'producer-received-seq',
} as const

/** The query parameters of a read. @see PROTOCOL §5.6 to §5.8 */
export const PARAM = { offset: 'offset', live: 'live', cursor: 'cursor' } as const

/** The port of a standalone server. @see PROTOCOL §13.1 */
export const DEFAULT_PORT = 4437
