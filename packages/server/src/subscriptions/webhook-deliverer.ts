import type { DeliveryResult, PendingStream, WebhookDelivery } from '@ds/core'
import type { SigningKeys } from './signing-keys.js'
import type { WakeTokens } from './wake-tokens.js'
import type { WebhookAnswer, WebhookTransport } from './webhook-transport.js'
import { CONTROL_PREFIX } from '@ds/core'
import { toBase64Url, utf8 } from './base64url.js'

const decoder = new TextDecoder()

/** Makes wakes into signed requests, and answers into results. @see PROTOCOL §7.1 */
export class WebhookDeliverer {
  readonly #transport: WebhookTransport
  readonly #keys: SigningKeys
  readonly #tokens: WakeTokens
  readonly #now: () => number

  constructor(transport: WebhookTransport, keys: SigningKeys, tokens: WakeTokens, now: () => number) {
    this.#transport = transport
    this.#keys = keys
    this.#tokens = tokens
    this.#now = now
  }

  async deliver(delivery: WebhookDelivery): Promise<DeliveryResult> {
    try {
      const { url, timeoutMs } = delivery
      const body = utf8(JSON.stringify(await this.#payload(delivery)))
      const headers = {
        'content-type': 'application/json',
        'webhook-signature': await this.#sign(body),
        'user-agent': 'durable-streams-webhook',
      }
      const onAbort = (run: () => void): void => delivery.onAbort(run)
      return judge(await this.#transport.post({ url, headers, body, timeoutMs, onAbort }))
    } catch (error) {
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  async #payload({ subscriptionId, baseUrl, wake, streams }: WebhookDelivery): Promise<unknown> {
    return {
      subscription_id: subscriptionId,
      wake_id: wake.wakeId,
      generation: wake.generation,
      streams: streams.map(describeStream),
      callback_url: `${baseUrl}/${CONTROL_PREFIX}subscriptions/${encodeURIComponent(subscriptionId)}/callback`,
      callback_token: await this.#tokens.mint(subscriptionId, wake),
    }
  }

  /** An Ed25519 signature over the time, a dot, and the body as it is sent. */
  async #sign(body: Uint8Array): Promise<string> {
    const { kid, privateKey } = await this.#keys.active()
    const time = String(Math.floor(this.#now() / 1000))
    const prefix = utf8(`${time}.`)
    const signed = new Uint8Array(prefix.length + body.length)
    signed.set(prefix)
    signed.set(body, prefix.length)
    const signature = await crypto.subtle.sign('Ed25519', privateKey, signed)
    return `t=${time},kid=${kid},ed25519=${toBase64Url(new Uint8Array(signature))}`
  }
}

/** A stream of a wake as it stands in requests and replies. @see PROTOCOL §7.1, §7.2 */
export function describeStream({ path, linkType, acked, tail }: PendingStream): unknown {
  return { path, link_type: linkType, acked_offset: acked, tail_offset: tail, has_pending: true }
}

/** Any success will do; only `{"done":true}` says that the work is done already. */
function judge(answer: WebhookAnswer): DeliveryResult {
  if (answer.kind === 'failed') return answer
  const { status, body } = answer
  if (status < 200 || status > 299) return { kind: 'failed', reason: `the receiver answered ${status}` }
  try {
    const json = JSON.parse(decoder.decode(body)) as { done?: unknown } | null
    return json?.done === true ? { kind: 'done' } : { kind: 'accepted' }
  } catch {
    return { kind: 'accepted' }
  }
}
