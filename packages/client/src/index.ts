export { stream } from './read/stream.js'
export type { StreamOptions, SSEResilienceOptions } from './read/session-options.js'
export type { LiveMode, Offset } from './read/read-plan.js'
export type {
  ByteChunk,
  JsonBatch,
  JsonBatchMeta,
  StreamResponse,
  TextChunk,
} from './read/stream-response.js'
export type { ItemStorage, KeyValueStorage, OffsetStorage } from './read/offset-storage.js'
export { asAsyncIterableReadableStream } from './read/readable-stream.js'
export type { ReadableStreamAsyncIterable } from './read/readable-stream.js'

export { DurableStream } from './write/durable-stream.js'
export type { DurableStreamOptions } from './write/durable-stream.js'
export type { StreamHandleOptions } from './write/handle-core.js'
export type { CreateOptions, StreamConfiguration } from './write/create-request.js'
export type { AppendOptions, CloseOptions, CloseResult } from './write/append-options.js'
export type { AppendValue } from './write/message-encoding.js'
export type { HeadResult, HeadResultExists, HeadResultNotFound } from './write/head-result.js'
export type { WritableOptions } from './write/writable.js'

export { IdempotentProducer } from './producer/idempotent-producer.js'
export type {
  IdempotentAppendResult,
  IdempotentProducerOptions,
  ProducerState,
} from './producer/producer-options.js'

export {
  AbortedError,
  DurableStreamError,
  FetchBackoffAbortError,
  InvalidSignalError,
  MissingStreamUrlError,
  SequenceGapError,
  StaleEpochError,
  StreamClosedError,
} from './errors/durable-stream-error.js'
export type { ErrorContext, FailedBatch } from './errors/durable-stream-error.js'
export type { DurableStreamErrorCode } from './errors/error-codes.js'
export { FetchError } from './errors/fetch-error.js'

export { BackoffDefaults } from './request/backoff.js'
export type { BackoffOptions } from './request/backoff.js'
export { createFetchWithBackoff, createFetchWithConsumedBody } from './request/fetch-wrappers.js'
export type { HeadersRecord, MaybePromise, ParamsRecord } from './request/dynamic-values.js'
export type { StreamErrorHandler } from './request/recovery.js'
export type { RetryOpts } from './request/requester.js'
export type { Clock } from './environment/clock.js'
export { warnIfUsingHttpInBrowser } from './environment/http-warning.js'

export * from './constants.js'
