import type {
  AckOutcome,
  ClaimOutcome,
  CreateOutcomeWithState,
  LinkOutcome,
  LiveSubscription,
} from '@ds/core'
import type { HttpReply } from '../http/exchange.js'
import { describeStream } from './webhook-deliverer.js'
import { errorReply } from '../http/errors.js'
import { statusOf } from '@ds/core'
import { utf8 } from './base64url.js'

/** The one place where outcomes of the control API become statuses and bodies. */

/** What a reply tells besides the subscription itself. */
export interface SubscriptionView {
  readonly id: string
  readonly baseUrl: string
  /** The key in use; null where there are no webhooks. */
  readonly kid: string | null
  /** Lets other work go on between two parts of a long reply. */
  readonly pause: () => Promise<void>
}

const HEADERS: readonly string[] = ['content-type', 'application/json', 'cache-control', 'no-store']
/** How many streams are written between two pauses. */
const PART = 1_000

export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, headers: [...HEADERS], body: [utf8(JSON.stringify(value))] }
}

export function noContent(): HttpReply {
  return { status: 204, headers: ['cache-control', 'no-store'], body: null }
}

/** @see PROTOCOL §6.2 (responses) */
export function refuseCreation(
  outcome: Exclude<CreateOutcomeWithState, { readonly subscription: LiveSubscription }>,
): HttpReply {
  switch (outcome.kind) {
    case 'conflict':
      return errorReply('SUBSCRIPTION_ALREADY_EXISTS', 'the subscription exists with another configuration')
    case 'own-wake-stream':
      return ownWakeStream()
    case 'too-many-subscriptions':
      return errorReply('TOO_MANY_SUBSCRIPTIONS', `there are at most ${outcome.limit} subscriptions`)
    case 'too-many-links':
      return tooManyLinks(outcome)
    case 'webhooks-unsupported':
      return errorReply('WEBHOOKS_UNSUPPORTED', 'this server cannot call webhooks; use pull-wake')
  }
}

/** A subscription as it is shown. It may have very many streams. @see PROTOCOL §6.3 */
export async function replyWithSubscription(
  status: number,
  state: LiveSubscription,
  { id, baseUrl, kid, pause }: SubscriptionView,
): Promise<HttpReply> {
  const { config, createdAt } = state
  const signing = { alg: 'ed25519', kid, jwks_url: `${baseUrl}/__ds/jwks.json` }
  const webhook =
    config.webhookUrl === null ? null : { url: config.webhookUrl, ...(kid === null ? {} : { signing }) }
  const head = JSON.stringify({ id, subscription_id: id, type: config.type, pattern: config.pattern })
  const rest = JSON.stringify({
    webhook,
    wake_stream: config.wakeStream,
    filter: null,
    lease_ttl_ms: config.leaseTtlMs,
    created_at: new Date(createdAt).toISOString(),
    status: statusOf(state),
    description: config.description,
  })
  const pieces: Uint8Array[] = []
  let text = `${head.slice(0, -1)},"streams":[`
  let count = 0
  for (const [path, { isExplicit, acked }] of state.links) {
    const link = { path, link_type: isExplicit ? 'explicit' : 'glob', acked_offset: acked }
    text += `${count === 0 ? '' : ','}${JSON.stringify(link)}`
    if (++count % PART !== 0) continue
    pieces.push(utf8(text))
    text = ''
    await pause()
  }
  pieces.push(utf8(`${text}],${rest.slice(1)}`))
  return { status, headers: [...HEADERS], body: pieces }
}

/** @see PROTOCOL §6.4 */
export function replyToLink(outcome: LinkOutcome): HttpReply {
  switch (outcome.kind) {
    case 'linked':
      return noContent()
    case 'not-found':
      return notFound()
    case 'too-many-links':
      return tooManyLinks(outcome)
    case 'own-wake-stream':
      return ownWakeStream()
  }
}

/** @param token the bearer token of a claim that succeeded. @see PROTOCOL §7.2 */
export function replyToClaim(outcome: ClaimOutcome, token: string): HttpReply {
  switch (outcome.kind) {
    case 'claimed':
      return jsonReply(200, {
        wake_id: outcome.wake.wakeId,
        generation: outcome.wake.generation,
        token,
        streams: outcome.streams.map(describeStream),
        lease_ttl_ms: outcome.leaseTtlMs,
      })
    case 'already-claimed':
      return jsonReply(409, {
        error: {
          code: 'ALREADY_CLAIMED',
          message: 'another worker holds the lease',
          current_holder: outcome.holder,
          generation: outcome.generation,
        },
      })
    case 'no-pending-work':
      return errorReply('NO_PENDING_WORK', 'no stream of the subscription has anything new')
    case 'not-pull-wake':
      return errorReply('INVALID_REQUEST', 'only pull-wake subscriptions are claimed')
    case 'not-found':
      return notFound()
  }
}

/** @see PROTOCOL §7.1, §7.2 */
export function replyToAck(outcome: AckOutcome): HttpReply {
  switch (outcome.kind) {
    case 'acked':
      return jsonReply(200, { ok: true, next_wake: outcome.nextWake })
    case 'fenced':
      return fenced()
    case 'invalid-offset': {
      const message = `the offset is none of ${outcome.path}, or lies before what was acknowledged`
      // The same code as for reads, but here it is the state that speaks against it.
      return jsonReply(409, { error: { code: 'INVALID_OFFSET', message } })
    }
    case 'not-found':
      return notFound()
  }
}

/** @see PROTOCOL §7.2 */
export function replyToRelease(outcome: 'released' | 'fenced' | 'not-found'): HttpReply {
  switch (outcome) {
    case 'released':
      return noContent()
    case 'fenced':
      return fenced()
    case 'not-found':
      return notFound()
  }
}

export function notFound(): HttpReply {
  return errorReply('SUBSCRIPTION_NOT_FOUND', 'there is no such subscription')
}

function fenced(): HttpReply {
  return errorReply('FENCED', 'the wake has ended, or a later one has taken its place')
}

function tooManyLinks({ limit }: { readonly limit: number }): HttpReply {
  return errorReply('TOO_MANY_STREAMS', `a subscription has at most ${limit} streams`)
}

function ownWakeStream(): HttpReply {
  return errorReply('INVALID_REQUEST', 'the wake stream cannot be a stream of its own subscription')
}
