import type { SigningKeys } from './signing-keys.js'
import type { WakeRef } from '@ds/core'
import { fromBase64Url, toBase64Url, utf8 } from './base64url.js'

/** What a token says: which wake of which subscription, and until when. */
interface Claims {
  readonly k: string
  readonly s: string
  readonly i: string
  readonly g: number
  readonly w: string
  /** Milliseconds since 1970. */
  readonly e: number
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly wake: WakeRef }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'expired' }

/** How long a token is good; leases end much earlier, unless they are prolonged. */
export const TOKEN_MS: number = 24 * 3_600_000
const MAX_TOKEN_LENGTH = 4_096
const decoder = new TextDecoder()

/** The bearer tokens of wakes. Each is good for one wake of one subscription. @see PROTOCOL §7.1, §7.3 */
export class WakeTokens {
  readonly #keys: SigningKeys
  readonly #now: () => number

  constructor(keys: SigningKeys, now: () => number) {
    this.#keys = keys
    this.#now = now
  }

  async mint(subscriptionId: string, { incarnation, generation, wakeId }: WakeRef): Promise<string> {
    const { kid, tokenKey } = await this.#keys.active()
    const claims: Claims = {
      k: kid,
      s: subscriptionId,
      i: incarnation,
      g: generation,
      w: wakeId,
      e: this.#now() + TOKEN_MS,
    }
    const payload = toBase64Url(utf8(JSON.stringify(claims)))
    const mac = await crypto.subtle.sign('HMAC', tokenKey, utf8(payload))
    return `${payload}.${toBase64Url(new Uint8Array(mac))}`
  }

  /** Reads the `Authorization` header of a callback, an ack or a release. */
  async verify(subscriptionId: string, authorization: string | undefined): Promise<TokenVerdict> {
    const token = /^bearer +([A-Za-z0-9._-]+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) return { kind: 'invalid' }
    const [payload = '', mac = '', ...rest] = token.split('.')
    const claims = readClaims(payload)
    const macBytes = fromBase64Url(mac)
    if (claims === null || macBytes === null || rest.length > 0) return { kind: 'invalid' }
    const key = await this.#keys.find(claims.k)
    if (key === null) return { kind: 'invalid' }
    // `verify` compares in constant time.
    const isGenuine = await crypto.subtle.verify('HMAC', key.tokenKey, macBytes, utf8(payload))
    if (!isGenuine || claims.s !== subscriptionId) return { kind: 'invalid' }
    if (this.#now() >= claims.e) return { kind: 'expired' }
    return { kind: 'valid', wake: { incarnation: claims.i, generation: claims.g, wakeId: claims.w } }
  }
}

/** What nobody has vouched for yet; only `k` is looked at before the signature is. */
function readClaims(payload: string): Claims | null {
  const bytes = fromBase64Url(payload)
  if (bytes === null) return null
  try {
    const claims = JSON.parse(decoder.decode(bytes)) as Claims | null
    return typeof claims === 'object' && typeof claims?.k === 'string' ? claims : null
  } catch {
    return null
  }
}
