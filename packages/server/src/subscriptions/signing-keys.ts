import type { EventLog, LogDefinition, StreamPath, SubscriptionService } from '@ds/core'
import { CONTROL_PREFIX } from '@ds/core'
import { fromBase64Url, toBase64Url, utf8 } from './base64url.js'

/** A key pair for webhooks and a secret for tokens, as they are kept in the store. */
interface StoredKey {
  /** `ds_` and the key's JWK thumbprint (RFC 7638), so that it means one key for ever. */
  readonly kid: string
  readonly x: string
  readonly d: string
  /** Of the tokens; base64url. */
  readonly secret: string
  readonly createdAt: number
  /** Null while it is the one that signs. */
  readonly retiredAt: number | null
}

/** A key that is ready for use. */
export interface SigningKey {
  readonly kid: string
  readonly createdAt: number
  /** Signs webhooks with Ed25519. */
  readonly privateKey: CryptoKey
  /** Signs and verifies tokens with HMAC-SHA-256. */
  readonly tokenKey: CryptoKey
}

/** A public key as it is published. @see PROTOCOL §6.5 */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'EdDSA'
  readonly x: string
}

interface KeysState {
  keys: readonly StoredKey[]
}

interface KeysEvent {
  readonly keys: readonly StoredKey[]
}

const KEYS_PATH = `${CONTROL_PREFIX}signing-keys` as StreamPath
/** How long a retired key is published and its tokens are good: longer than any token and any replay window. */
export const RETIRED_KEY_MS: number = 25 * 3_600_000
/** How often a node looks whether another one has made a new key. */
const REFRESH_MS = 60_000

const DEFINITION: LogDefinition<KeysState, KeysEvent> = {
  empty: () => ({ keys: [] }),
  apply(state, event) {
    state.keys = event.keys
  },
  snapshot: ({ keys }) => [{ keys }],
}

/**
 * The server's keys. They are kept in the store like everything else, so that they survive restarts and all nodes
 * have the same; the first one that needs a key makes it. @see PROTOCOL §6.5
 */
export class SigningKeys {
  readonly #log: EventLog<KeysState, KeysEvent>
  readonly #now: () => number
  readonly #rotateAfterMs: number
  readonly #ready = new Map<string, Promise<SigningKey>>()
  #refreshedAt = -Infinity

  /** @param rotateAfterMs the age at which a key is replaced; Infinity for never */
  constructor(service: SubscriptionService, now: () => number, rotateAfterMs: number) {
    this.#log = service.openLog(KEYS_PATH, DEFINITION)
    this.#now = now
    this.#rotateAfterMs = rotateAfterMs
  }

  /** The key that signs now. */
  async active(): Promise<SigningKey> {
    if (this.#now() - this.#refreshedAt >= REFRESH_MS) await this.#refresh()
    const [key] = this.#log.state.keys
    if (key === undefined) return this.#replace((keys) => keys.length === 0)
    const isOld = this.#now() - key.createdAt >= this.#rotateAfterMs
    return isOld ? this.#replace((keys) => keys[0]?.kid === key.kid) : this.#import(key)
  }

  /** A key that may have signed a token; null when there is none by that name. */
  async find(kid: string): Promise<SigningKey | null> {
    let key = this.#stored(kid)
    if (key === undefined) {
      await this.#refresh()
      key = this.#stored(kid)
    }
    return key === undefined || this.#isOver(key) ? null : this.#import(key)
  }

  /** What receivers verify with: the key in use, and those that still may have signed something. */
  async published(): Promise<readonly PublicJwk[]> {
    await this.active()
    await this.#refresh()
    return this.#log.state.keys
      .filter((key) => !this.#isOver(key))
      .map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', kid, use: 'sig', alg: 'EdDSA', x }))
  }

  /** Signs with a new key from now on; the old one stays published until nothing signed with it can be replayed. */
  async rotate(): Promise<string> {
    await this.active()
    return (await this.#replace(() => true)).kid
  }

  /** Puts a new key before the others, if they are still what they were thought to be. */
  async #replace(isWanted: (keys: readonly StoredKey[]) => boolean): Promise<SigningKey> {
    const fresh = await generateKey(this.#now())
    const active = await this.#log.transact<StoredKey>(({ keys }, now) => {
      if (!isWanted(keys)) return { outcome: keys[0]!, events: [] }
      const retired = keys
        .map((key) => ({ ...key, retiredAt: key.retiredAt ?? now }))
        .filter((key) => !this.#isOver(key))
      return { outcome: fresh, events: [{ keys: [fresh, ...retired] }], as: 'replace' }
    })
    return this.#import(active)
  }

  async #refresh(): Promise<void> {
    await this.#log.sync()
    this.#refreshedAt = this.#now()
  }

  #stored(kid: string): StoredKey | undefined {
    return this.#log.state.keys.find((key) => key.kid === kid)
  }

  #isOver({ retiredAt }: StoredKey): boolean {
    return retiredAt !== null && this.#now() >= retiredAt + RETIRED_KEY_MS
  }

  #import(stored: StoredKey): Promise<SigningKey> {
    const known = this.#ready.get(stored.kid)
    if (known !== undefined) return known
    // There are never more than a few keys; what is left of older ones goes now.
    for (const kid of this.#ready.keys()) if (this.#stored(kid) === undefined) this.#ready.delete(kid)
    const imported = importKey(stored)
    this.#ready.set(stored.kid, imported)
    return imported
  }
}

async function generateKey(now: number): Promise<StoredKey> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const { x, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as { x: string; d: string }
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
  return { kid: `ds_${await thumbprint(x)}`, x, d, secret, createdAt: now, retiredAt: null }
}

async function importKey({ kid, x, d, secret, createdAt }: StoredKey): Promise<SigningKey> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x, d }
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  return {
    kid,
    createdAt,
    privateKey: await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']),
    tokenKey: await crypto.subtle.importKey('raw', fromBase64Url(secret)!, hmac, false, ['sign', 'verify']),
  }
}

/** RFC 7638: the digest of the required members in their order. */
async function thumbprint(x: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    'SHA-256',
    utf8(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })),
  )
  return toBase64Url(new Uint8Array(digest))
}
