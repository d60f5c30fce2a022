import type { VerifyWebhookOptions } from './verify-webhook.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { toBase64Url, utf8 } from './base64url.js'
import { verifyWebhook } from './verify-webhook.js'

const NOW = 1_800_000_000_000
const BODY = '{"subscription_id":"s","wake_id":"w","generation":1,"streams":[]}'

let pair: CryptoKeyPair
let jwks: object
let fetches: number
let servers = 0
let jwksUrl: string

beforeEach(async () => {
  pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const { x } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  jwks = {
    keys: [
      { kty: 'RSA', kid: 'other' },
      { kty: 'OKP', crv: 'Ed25519', kid: 'ds_1', x },
    ],
  }
  fetches = 0
  jwksUrl = `https://server${++servers}.test/__ds/jwks.json`
})

const options = (over: Partial<VerifyWebhookOptions> = {}): VerifyWebhookOptions => ({
  jwksUrl,
  now: () => NOW,
  fetch: () => {
    fetches++
    return Promise.resolve(Response.json(jwks))
  },
  ...over,
})

async function signed(
  over: { body?: string; time?: number; kid?: string; header?: string } = {},
): Promise<Request> {
  const { time = NOW / 1000, kid = 'ds_1' } = over
  const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, utf8(`${time}.${BODY}`))
  const header = over.header ?? `t=${time},kid=${kid},ed25519=${toBase64Url(new Uint8Array(signature))}`
  const headers = header === '' ? {} : { 'webhook-signature': header }
  return new Request('https://worker.test/', { method: 'POST', headers, body: over.body ?? BODY })
}

const NOT_VERIFIED = {
  name: 'WebhookVerificationError',
  code: 'not-verified',
  message: 'the webhook is not verified',
}

describe('verifyWebhook', () => {
  test('what the server has signed is read', async () => {
    expect(await verifyWebhook(await signed(), options())).toEqual(JSON.parse(BODY))
  })

  test.each([
    ['no signature', { header: '' }],
    ['an odd signature', { header: 't=1,kid=ds_1,ed25519=abc' }],
    ['a signature with more after it', { header: `t=1800000000,kid=ds_1,ed25519=${'A'.repeat(86)},x=1` }],
    ['a wrong signature', { header: `t=1800000000,kid=ds_1,ed25519=${'A'.repeat(86)}` }],
    ['another body', { body: BODY.replace('1', '2') }],
    ['an unknown key', { kid: 'ds_2' }],
    ['a key of another kind', { kid: 'other' }],
    ['a time long ago', { time: NOW / 1000 - 301 }],
    ['a time to come', { time: NOW / 1000 + 301 }],
  ])('%s gives the same error as everything else', async (_what, over) => {
    await expect(verifyWebhook(await signed(over), options())).rejects.toMatchObject(NOT_VERIFIED)
  })

  test('a body over the bound is not verified', async () => {
    await expect(verifyWebhook(await signed(), options({ maxBodyBytes: 10 }))).rejects.toMatchObject(
      NOT_VERIFIED,
    )
  })

  test('keys are fetched once in a while, and again for a new name, but not for each made-up one', async () => {
    for (let i = 0; i < 5; i++) await verifyWebhook(await signed(), options())
    expect(fetches).toBe(1)
    const later = (ms: number): VerifyWebhookOptions => options({ now: () => NOW + ms })
    for (let i = 0; i < 5; i++) {
      await expect(verifyWebhook(await signed({ kid: 'made-up' }), later(20_000))).rejects.toThrow()
      await expect(verifyWebhook(await signed({ kid: 'made-up' }), later(21_000))).rejects.toThrow()
    }
    expect(fetches).toBe(2)
    await verifyWebhook(await signed({ time: (NOW + 400_000) / 1000 }), later(400_000))
    expect(fetches).toBe(3)
  })

  test.each([
    ['an error', () => Promise.reject(new Error('no network'))],
    ['a status', () => Promise.resolve(new Response('', { status: 500 }))],
    ['nonsense', () => Promise.resolve(new Response('nonsense'))],
    ['too much', () => Promise.resolve(new Response('x'.repeat(100_000)))],
  ])('keys that cannot be had because of %s are told apart, and asked for again', async (_what, fetch) => {
    const request = await signed()
    await expect(verifyWebhook(request.clone(), options({ fetch }))).rejects.toMatchObject({
      code: 'keys-unavailable',
    })
    await verifyWebhook(request, options())
  })
})
