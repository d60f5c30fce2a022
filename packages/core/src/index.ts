export * from './options.js'
export * from './protocol/branded.js'
export * from './protocol/wire-names.js'
export * from './protocol/offset.js'
export * from './protocol/content-type.js'
export * from './protocol/cursor.js'
export * from './protocol/decimal.js'
export * from './protocol/etag.js'
export * from './protocol/expiry.js'
export * from './protocol/stream-path.js'
export * from './framing/bytes.js'
export * from './framing/json-messages.js'
export * from './framing/slab.js'
export * from './framing/sse-events.js'
export * from './producer/producer-state.js'
export * from './store/contract.js'
export * from './store/record.js'
export * from './store/watchers.js'
export type { AppendOutcome } from './decide/append.js'
export type { ConfigMismatch, CreateOutcome, ForkRequest } from './decide/create.js'
export type { DeleteOutcome } from './decide/delete.js'
export type { ForkRefusal } from './decide/fork.js'
export type { ReadRefusal } from './decide/read.js'
export type { StreamInfo } from './decide/stream-state.js'
export * from './streams/environment.js'
export { Later } from './streams/later.js'
export type { Listener } from './streams/later.js'
export * from './streams/live-batch.js'
export type { Page } from './streams/page-reader.js'
export type { ForkOutcome } from './streams/fork-maker.js'
export * from './streams/stream-engine.js'
export * from './streams/stream-operations.js'
export * from './subscriptions/subscription-config.js'
export * from './subscriptions/subscription-environment.js'
export * from './subscriptions/subscription-service.js'
export { isLive, statusOf } from './subscriptions/subscription-state.js'
export type {
  AckedOffset,
  LiveSubscription,
  StreamLink,
  SubscriptionState,
} from './subscriptions/subscription-state.js'
export type { PendingStream } from './subscriptions/stream-tails.js'
export type {
  AckOutcome,
  AckRequest,
  ClaimOutcome,
  StreamAck,
  WakeRef,
} from './subscriptions/decide-lease.js'
export type { CreateSubscriptionOutcome, LinkOutcome } from './subscriptions/decide-membership.js'
export { matchesPattern, parsePattern } from './subscriptions/glob-pattern.js'
export type { PatternSegment } from './subscriptions/glob-pattern.js'
export { EventLog } from './subscriptions/event-log.js'
export type { LogDecision, LogDefinition } from './subscriptions/event-log.js'
