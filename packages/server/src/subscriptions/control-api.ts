import type { AckRequest, SubscriptionService } from '@ds/core'
import type { BodyIntake } from '../http/body-intake.js'
import type { ControlRequest, SubscriptionOptions } from './options.js'
import type { HandlerSettings } from '../http/options.js'
import type { HttpReply, HttpRequest } from '../http/exchange.js'
import type { SigningKeys } from './signing-keys.js'
import type { WakeReport } from './control-requests.js'
import type { WakeTokens } from './wake-tokens.js'
import type { WebhookTransport } from './webhook-transport.js'
import {
  MAX_CONTROL_BODY_BYTES,
  parseConfig,
  parseEncodedPath,
  parseJsonObject,
  parseReport,
  parseStreams,
  parseSubscriptionId,
  parseWorker,
} from './control-requests.js'
import { Refusal } from '../http/errors.js'
import {
  jsonReply,
  noContent,
  notFound,
  refuseCreation,
  replyToAck,
  replyToClaim,
  replyToLink,
  replyToRelease,
  replyWithSubscription,
} from './control-replies.js'

export interface ControlApiParts {
  readonly service: SubscriptionService
  readonly keys: SigningKeys
  readonly tokens: WakeTokens
  /** Null where the runtime cannot call webhooks. */
  readonly transport: WebhookTransport | null
  readonly bodies: BodyIntake
  readonly settings: HandlerSettings
  readonly authorize: NonNullable<SubscriptionOptions['authorize']>
  readonly pause: () => Promise<void>
}

/** A request to one subscription. */
interface Call {
  readonly request: HttpRequest
  readonly id: string
  /** The URL of the stream root that the client uses. */
  readonly baseUrl: string
}

/** How long JWKs may be kept by receivers. @see PROTOCOL §6.5 */
const JWKS_HEADERS: readonly string[] = [
  'content-type',
  'application/jwk-set+json',
  'cache-control',
  'public, max-age=300',
]

/** The control API below `__ds`: subscriptions and public keys. @see PROTOCOL §6, §7 */
export class ControlApi {
  readonly #parts: ControlApiParts

  constructor(parts: ControlApiParts) {
    this.#parts = parts
  }

  /** @param rest the raw path below `__ds/`, not decoded yet */
  async handle(request: HttpRequest, baseUrl: string, rest: string): Promise<HttpReply> {
    if (rest === 'jwks.json') return this.#keySet(request)
    const [collection, segment = '', resource, ...more] = rest.split('/')
    if (collection !== 'subscriptions' || segment === '') return notFound()
    const id = parseSubscriptionId(segment, this.#parts.settings.maxPathLength)
    const call = { request, id, baseUrl }
    if (resource === undefined) return this.#onSubscription(call)
    if (resource === 'streams') return this.#onStreams(call, more.join('/'))
    if (more.length > 0) return notFound()
    switch (resource) {
      case 'callback':
      case 'ack':
        return this.#ack(call)
      case 'claim':
        return this.#claim(call)
      case 'release':
        return this.#release(call)
      default:
        return notFound()
    }
  }

  #onSubscription(call: Call): Promise<HttpReply> {
    switch (call.request.method) {
      case 'PUT':
        return this.#create(call)
      case 'GET':
        return this.#read(call)
      case 'DELETE':
        return this.#delete(call)
      default:
        throw notAllowed('GET, PUT, DELETE')
    }
  }

  #onStreams(call: Call, encodedPath: string): Promise<HttpReply> {
    const isList = encodedPath === ''
    if (isList && call.request.method === 'POST') return this.#link(call)
    if (!isList && call.request.method === 'DELETE') return this.#unlink(call, encodedPath)
    throw notAllowed(isList ? 'POST' : 'DELETE')
  }

  async #create({ request, id, baseUrl }: Call): Promise<HttpReply> {
    await this.#authorize(request, 'create', id)
    const { service, settings, transport } = this.#parts
    const config = parseConfig(await this.#receive(request), settings.maxPathLength)
    if (config.webhookUrl !== null && transport !== null) {
      const refusal = transport.check(config.webhookUrl)
      if (refusal !== null)
        throw new Refusal('WEBHOOK_URL_REJECTED', `the webhook's URL is refused: ${refusal}`)
    }
    const outcome = await service.create(id, config, baseUrl)
    if (!('subscription' in outcome)) return refuseCreation(outcome)
    return this.#show(outcome.kind === 'created' ? 201 : 200, outcome.subscription, id, baseUrl)
  }

  async #read({ request, id, baseUrl }: Call): Promise<HttpReply> {
    await this.#authorize(request, 'read', id)
    const state = await this.#parts.service.read(id)
    return state === null ? notFound() : this.#show(200, state, id, baseUrl)
  }

  async #delete({ request, id }: Call): Promise<HttpReply> {
    await this.#authorize(request, 'delete', id)
    await this.#parts.service.delete(id)
    return noContent()
  }

  async #link({ request, id }: Call): Promise<HttpReply> {
    await this.#authorize(request, 'link', id)
    const paths = parseStreams(await this.#receive(request), this.#parts.settings.maxPathLength)
    return replyToLink(await this.#parts.service.link(id, paths))
  }

  async #unlink({ request, id }: Call, encodedPath: string): Promise<HttpReply> {
    await this.#authorize(request, 'unlink', id)
    const path = parseEncodedPath(encodedPath, this.#parts.settings.maxPathLength)
    const outcome = await this.#parts.service.unlink(id, path)
    return outcome === 'not-found' ? notFound() : noContent()
  }

  async #claim({ request, id }: Call): Promise<HttpReply> {
    onlyPost(request)
    await this.#authorize(request, 'claim', id)
    const worker = parseWorker(await this.#receive(request))
    const outcome = await this.#parts.service.claim(id, worker)
    const token = outcome.kind === 'claimed' ? await this.#parts.tokens.mint(id, outcome.wake) : ''
    return replyToClaim(outcome, token)
  }

  async #ack({ request, id }: Call): Promise<HttpReply> {
    onlyPost(request)
    const report = parseReport(await this.#receive(request), this.#parts.settings.maxPathLength)
    const ack = { ...(await this.#vouch(request, id, report)), acks: report.acks, done: report.done }
    return replyToAck(await this.#parts.service.ack(id, ack))
  }

  async #release({ request, id }: Call): Promise<HttpReply> {
    onlyPost(request)
    const report = parseReport(await this.#receive(request), this.#parts.settings.maxPathLength)
    return replyToRelease(await this.#parts.service.release(id, await this.#vouch(request, id, report)))
  }

  /** What the bearer token says of a report; whether that is still so is decided when it is committed. */
  async #vouch(
    request: HttpRequest,
    id: string,
    { generation, wakeId }: WakeReport,
  ): Promise<Omit<AckRequest, 'acks' | 'done'>> {
    const verdict = await this.#parts.tokens.verify(id, request.header('authorization'))
    switch (verdict.kind) {
      case 'valid':
        return { token: verdict.wake, generation, wakeId }
      case 'invalid':
        throw new Refusal('TOKEN_INVALID', 'the bearer token is none of this subscription', CHALLENGE)
      case 'expired':
        throw new Refusal('TOKEN_EXPIRED', 'the bearer token has expired', CHALLENGE)
    }
  }

  async #authorize(request: HttpRequest, action: ControlRequest['action'], id: string): Promise<void> {
    const header = (name: string): string | undefined => request.header(name)
    const isAllowed = await this.#parts.authorize({ action, subscriptionId: id, header })
    if (!isAllowed)
      throw new Refusal('UNAUTHORIZED', `the request may not ${action} this subscription`, CHALLENGE)
  }

  async #receive(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
    if ((request.bodyLength ?? 0) > MAX_CONTROL_BODY_BYTES) throw tooLarge()
    const body = await this.#parts.bodies.receive(request)
    if (body.length > MAX_CONTROL_BODY_BYTES) throw tooLarge()
    return parseJsonObject(body)
  }

  async #show(
    status: number,
    state: Parameters<typeof replyWithSubscription>[1],
    id: string,
    baseUrl: string,
  ): Promise<HttpReply> {
    const { keys, pause } = this.#parts
    const kid = state.config.type === 'webhook' ? (await keys.active()).kid : null
    return replyWithSubscription(status, state, { id, baseUrl, kid, pause })
  }

  async #keySet(request: HttpRequest): Promise<HttpReply> {
    if (request.method !== 'GET') throw notAllowed('GET')
    const { status, body } = jsonReply(200, { keys: await this.#parts.keys.published() })
    return { status, headers: [...JWKS_HEADERS], body }
  }
}

const CHALLENGE: readonly string[] = ['www-authenticate', 'Bearer']

function onlyPost(request: HttpRequest): void {
  if (request.method !== 'POST') throw notAllowed('POST')
}

function notAllowed(allow: string): Refusal {
  return new Refusal('METHOD_NOT_ALLOWED', `this resource knows ${allow}`, ['allow', allow])
}

function tooLarge(): Refusal {
  return new Refusal('BODY_TOO_LARGE', `a body has at most ${MAX_CONTROL_BODY_BYTES} bytes here`)
}
