export { createHonoApp, mountHandler } from './hono/hono-app.js'
export type { DurableStreamsApp } from './hono/hono-app.js'
export { StreamHandler } from './http/handler.js'
export type { Runtime } from './http/handler.js'
export { ERROR_STATUS } from './http/errors.js'
export type { ErrorCode } from './http/errors.js'
export type { CorsOption, HandlerOptions, HandlerSettings, StreamLifecycleHook } from './http/options.js'
export type { HttpReply, HttpRequest, LiveBody, LiveSink, ReplyBody } from './http/exchange.js'
export type { Compressor, ContentCoding } from './http/compression.js'
export { DirectMessage } from './node/direct-message.js'
export type { BodySink } from './node/direct-message.js'
export { createNodeListener } from './node/node-listener.js'
export { nodeServerOptions, refineServer } from './node/node-server.js'
export type { NodeServerOptions } from './node/node-server.js'
export { nodeRuntime } from './node/node-runtime.js'
export { DurableStreamsServer, createDurableStreamsServer } from './standalone/durable-streams-server.js'
export type { ServerOptions } from './standalone/durable-streams-server.js'
export { DurableStreamTestServer } from './standalone/durable-stream-test-server.js'
export type { TestServerOptions } from './standalone/durable-stream-test-server.js'
export { Subscriptions } from './subscriptions/subscriptions.js'
export type { ControlRequest, SubscriptionOptions } from './subscriptions/options.js'
export type {
  WebhookAnswer,
  WebhookPolicy,
  WebhookRequest,
  WebhookTransport,
} from './subscriptions/webhook-transport.js'
export { AddressPolicy } from './subscriptions/address-policy.js'
export { createWebhookSender } from './node/webhook-sender.js'
