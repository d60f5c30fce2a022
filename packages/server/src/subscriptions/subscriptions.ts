import type { BodyIntake } from '../http/body-intake.js'
import type { HandlerSettings } from '../http/options.js'
import type { HttpReply, HttpRequest } from '../http/exchange.js'
import type { Runtime } from '../http/handler.js'
import type { StreamEngine, StreamPath } from '@ds/core'
import type { SubscriptionOptions } from './options.js'
import { ControlApi } from './control-api.js'
import { DEFAULT_KEY_ROTATION_MS } from './options.js'
import { SigningKeys } from './signing-keys.js'
import { SubscriptionService } from '@ds/core'
import { WakeTokens } from './wake-tokens.js'
import { WebhookDeliverer } from './webhook-deliverer.js'
import { toBase64Url, utf8 } from './base64url.js'

/** What subscriptions share with the handler that serves them. */
export interface SubscriptionParts {
  readonly engine: StreamEngine
  readonly runtime: Runtime
  readonly bodies: BodyIntake
  readonly settings: HandlerSettings
}

/** The subscriptions of a server: the service in the core, keys, tokens, webhooks, and the control API. */
export class Subscriptions {
  readonly service: SubscriptionService
  readonly #keys: SigningKeys
  readonly #api: ControlApi

  constructor(options: SubscriptionOptions, { engine, runtime, bodies, settings }: SubscriptionParts) {
    const { environment, random } = runtime
    const now = (): number => environment.now()
    const transport = runtime.webhooks?.(options.webhooks ?? {}) ?? null
    let deliverer: WebhookDeliverer | null = null
    this.service = new SubscriptionService({
      engine,
      environment: {
        now,
        schedule: (delayMs, run) => environment.schedule(delayMs, run),
        defer: (run) => environment.defer(run),
        newStreamId: () => environment.newStreamId(),
        random,
        digest,
        deliver: transport === null ? null : (delivery) => deliverer!.deliver(delivery),
      },
      onBackgroundFault: settings.onFault,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    })
    const rotateAfterMs = options.signingKeyRotationMs ?? DEFAULT_KEY_ROTATION_MS
    if (!(rotateAfterMs > 0)) throw new RangeError('signingKeyRotationMs is a time greater than zero')
    this.#keys = new SigningKeys(this.service, now, rotateAfterMs)
    const tokens = new WakeTokens(this.#keys, now)
    if (transport !== null) deliverer = new WebhookDeliverer(transport, this.#keys, tokens, now)
    this.#api = new ControlApi({
      service: this.service,
      keys: this.#keys,
      tokens,
      transport,
      bodies,
      settings,
      authorize: options.authorize ?? (() => true),
      pause: () => new Promise((resolve) => environment.defer(resolve)),
    })
  }

  /** Serves a request below `__ds/`; `rest` is what follows, as it was sent. */
  handle(request: HttpRequest, baseUrl: string, rest: string): Promise<HttpReply> {
    return this.#api.handle(request, baseUrl, rest)
  }

  /** Says that a stream has grown. */
  noteAppend(path: StreamPath): void {
    this.service.noteAppend(path)
  }

  /** Signs with a new key from now on; resolves to its id. The old one stays published for a day. */
  rotateSigningKey(): Promise<string> {
    return this.#keys.rotate()
  }
}

async function digest(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}
