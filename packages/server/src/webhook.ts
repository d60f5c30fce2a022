export { WebhookVerificationError, verifyWebhook } from './subscriptions/verify-webhook.js'
export type {
  VerifyWebhookOptions,
  WebhookEvent,
  WebhookStream,
  WebhookVerificationCode,
} from './subscriptions/verify-webhook.js'
