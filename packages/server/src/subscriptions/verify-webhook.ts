import { fromBase64Url, utf8 } from './base64url.js'

/** A wake, as a webhook receives it. @see PROTOCOL §7.1 */
export interface WebhookEvent {
  readonly subscription_id: string
  readonly wake_id: string
  readonly generation: number
  readonly streams: readonly WebhookStream[]
  readonly callback_url: string
  readonly callback_token: string
}

/** One stream that has something new: read it from `acked_offset` on. */
export interface WebhookStream {
  readonly path: string
  readonly link_type: 'glob' | 'explicit'
  readonly acked_offset: string
  readonly tail_offset: string
  readonly has_pending: boolean
}

export interface VerifyWebhookOptions {
  /** Where the server publishes its keys: `webhook.signing.jwks_url` of the subscription, and nothing from a request. */
  readonly jwksUrl: string
  /** By how much a signature's time may differ from this clock, in seconds. Default 300. */
  readonly toleranceSeconds?: number
  /** The longest body, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number
  /** Fetches the keys; default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds since 1970; default: `Date.now`. */
  readonly now?: () => number
}

/**
 * Why a request is not verified. `not-verified` is all that there is to tell of a request: whoever sent it learns
 * nothing from it. `keys-unavailable` says that the keys could not be had; the server will try again.
 */
export type WebhookVerificationCode = 'not-verified' | 'keys-unavailable'

export class WebhookVerificationError extends Error {
  readonly code: WebhookVerificationCode
  constructor(code: WebhookVerificationCode, options?: { cause?: unknown }) {
    super(code === 'not-verified' ? 'the webhook is not verified' : 'the signing keys cannot be had', options)
    this.name = 'WebhookVerificationError'
    this.code = code
  }
}

/** The keys of one server, and when they were fetched. */
interface KeySet {
  readonly keys: ReadonlyMap<string, CryptoKey>
  readonly fetchedAt: number
}

const TOLERANCE_SECONDS = 300
const MAX_BODY_BYTES = 4 << 20
const MAX_JWKS_BYTES = 64 << 10
/** How long keys are kept, and how soon after that a name that is not among them is asked for again. */
const KEEP_MS = 300_000
const ASK_AGAIN_MS = 10_000
const FETCH_TIMEOUT_MS = 5_000
/** How many servers' keys are kept. */
const MAX_KEY_SETS = 32
const SIGNATURE = /^t=(\d{1,12}),kid=([A-Za-z0-9_-]{1,128}),ed25519=([A-Za-z0-9_-]{86})$/

const keySets = new Map<string, Promise<KeySet>>()

/**
 * Verifies that a webhook was sent by the server whose keys are at `jwksUrl`, and not long ago, and reads it. It needs
 * nothing but `fetch` and Web Crypto. A wake may come more than once: what it names is `wake_id` and `generation`.
 *
 * @returns the wake; answer with `{"done":true}` when all of it is processed, or `{}` and call back later
 * @throws WebhookVerificationError answer 401 for `not-verified`, 503 for `keys-unavailable`
 * @see PROTOCOL §6.5, §7.1
 */
export async function verifyWebhook(request: Request, options: VerifyWebhookOptions): Promise<WebhookEvent> {
  const match = SIGNATURE.exec(request.headers.get('webhook-signature') ?? '')
  if (match === null) throw notVerified()
  const [, time, kid, signatureText] = match as unknown as [string, string, string, string]
  const now = (options.now ?? Date.now)()
  const toleranceMs = (options.toleranceSeconds ?? TOLERANCE_SECONDS) * 1000
  if (Math.abs(now - Number(time) * 1000) > toleranceMs) throw notVerified()
  const body = await readBounded(request.body, options.maxBodyBytes ?? MAX_BODY_BYTES)
  const key = await findKey(kid, now, options)
  const signature = fromBase64Url(signatureText)
  if (body === null || key === undefined || signature === null) throw notVerified()
  const prefix = utf8(`${time}.`)
  const signed = join([prefix, body], prefix.length + body.length)
  const isGenuine = await crypto.subtle.verify('Ed25519', key, signature, signed)
  if (!isGenuine) throw notVerified()
  return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent
}

/** The key of that name; undefined when the server publishes none. */
async function findKey(
  kid: string,
  now: number,
  options: VerifyWebhookOptions,
): Promise<CryptoKey | undefined> {
  const known = await keySets.get(options.jwksUrl)?.catch(() => undefined)
  const age = known === undefined ? Infinity : now - known.fetchedAt
  if (known !== undefined && age < KEEP_MS) {
    const key = known.keys.get(kid)
    // A new key is asked for at once, but a stranger who makes names up does not make us ask each time.
    if (key !== undefined || age < ASK_AGAIN_MS) return key
  }
  const fetching = fetchKeys(now, options)
  keySets.delete(options.jwksUrl)
  keySets.set(options.jwksUrl, fetching)
  if (keySets.size > MAX_KEY_SETS) keySets.delete(keySets.keys().next().value!)
  try {
    return (await fetching).keys.get(kid)
  } catch (cause) {
    keySets.delete(options.jwksUrl)
    throw new WebhookVerificationError('keys-unavailable', { cause })
  }
}

async function fetchKeys(now: number, { jwksUrl, fetch }: VerifyWebhookOptions): Promise<KeySet> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS)
  const response = await (fetch ?? globalThis.fetch)(jwksUrl, { signal, redirect: 'error' })
  if (!response.ok) throw new Error(`${jwksUrl} answered ${response.status}`)
  const body = await readBounded(response.body, MAX_JWKS_BYTES)
  if (body === null) throw new Error(`${jwksUrl} is too long`)
  const { keys } = JSON.parse(new TextDecoder().decode(body)) as { keys: readonly JsonWebKey[] }
  const imported = new Map<string, CryptoKey>()
  for (const jwk of keys) {
    const { kty, crv, x } = jwk
    const { kid } = jwk as { kid?: unknown }
    if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined || typeof kid !== 'string') continue
    imported.set(kid, await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']))
  }
  return { keys: imported, fetchedAt: now }
}

/** Null when there is more than that. */
async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const reader = stream?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
  return join(chunks, length)
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}

function notVerified(): WebhookVerificationError {
  return new WebhookVerificationError('not-verified')
}
