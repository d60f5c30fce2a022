import { BINDINGS, serve } from './support/running-server.js'
import { WebhookReceiver } from './support/webhook-receiver.js'
import { control, report } from './support/control-client.js'
import { describe, expect, test } from 'vitest'
import { verifyWebhook } from '../src/webhook.js'

const subscriptions = { webhooks: { development: true } }

describe.each(BINDINGS)('subscriptions, %s binding', (binding) => {
  test('a webhook is signed, verified, called back, and fenced afterwards', async () => {
    const { base } = await serve({ binding, subscriptions })
    const receiver = await WebhookReceiver.start()
    receiver.answer = { status: 202, body: '{}' }
    const made = await control(base, 'PUT', '__ds/subscriptions/s', {
      type: 'webhook',
      pattern: '/events/*/',
      webhook: { url: receiver.url },
    })
    expect(made.status).toBe(201)
    const { webhook } = made.json as { webhook: { signing: { jwks_url: string; kid: string } } }
    expect(webhook.signing.jwks_url).toBe(`${base}/__ds/jwks.json`)
    await control(base, 'PUT', 'events/é', { n: 1 })
    const { event, toRequest, headers } = await receiver.wake(1)
    expect(await verifyWebhook(toRequest(), { jwksUrl: webhook.signing.jwks_url })).toEqual(event)
    expect(headers['webhook-signature']).toContain(`kid=${webhook.signing.kid}`)
    expect(event.streams).toMatchObject([{ path: 'events/é', acked_offset: '-1', link_type: 'glob' }])
    const acks = [{ stream: 'events/é', offset: event.streams[0]!.tail_offset }]
    const call = (...args: ReturnType<typeof report>): ReturnType<typeof control> =>
      control(base, 'POST', event.callback_url.slice(base.length + 1), ...args)
    expect((await call(...report(event, event.callback_token, { acks }))).json).toEqual({
      ok: true,
      next_wake: false,
    })
    expect((await call(...report(event, event.callback_token, { acks }))).code).toBe('FENCED')
    const read = await control(base, 'GET', '__ds/subscriptions/s')
    expect(read.json['streams']).toEqual([
      { path: 'events/é', link_type: 'glob', acked_offset: event.streams[0]!.tail_offset },
    ])
  })

  test('tokens of nobody, of others and of the past are refused', async () => {
    const { base } = await serve({ binding, subscriptions })
    await control(base, 'PUT', 'wake', '[]')
    for (const id of ['a', 'b'])
      await control(base, 'PUT', `__ds/subscriptions/${id}`, {
        type: 'pull-wake',
        pattern: 'x/*',
        wake_stream: 'wake',
      })
    await control(base, 'PUT', 'x/1', [1])
    const claim = await control(base, 'POST', '__ds/subscriptions/a/claim', { worker: 'w' })
    const wake = claim.json as { wake_id: string; generation: number; token: string }
    const [body] = report(wake, '')
    const [payload, mac] = wake.token.split('.') as [string, string]
    const forged = JSON.parse(atob(payload)) as object
    const reforged = btoa(JSON.stringify({ ...forged, g: 9 })).replace(/=+$/, '')
    const tokens = [
      '',
      'x',
      'x.y',
      payload,
      `${payload}.`,
      `${payload}.${mac.slice(2)}`,
      `${reforged}.${mac}`,
      `${wake.token}.x`,
    ]
    for (const token of tokens) {
      const answer = await control(base, 'POST', '__ds/subscriptions/a/ack', body, {
        authorization: `Bearer ${token}`,
      })
      expect([token, answer.status, answer.code]).toEqual([token, 401, 'TOKEN_INVALID'])
    }
    expect((await control(base, 'POST', '__ds/subscriptions/a/ack', body)).code).toBe('TOKEN_INVALID')
    const other = await control(base, 'POST', '__ds/subscriptions/b/ack', ...report(wake, wake.token))
    expect(other.code).toBe('TOKEN_INVALID')
    expect(
      (await control(base, 'POST', '__ds/subscriptions/a/release', ...report(wake, wake.token))).status,
    ).toBe(204)
  })

  test.each([
    ['PUT', '{"type":"webhook"'], ['PUT', '[]'], ['PUT', '{}'], ['PUT', '{"type":"other","pattern":"a"}'],
    ['PUT', '{"type":"pull-wake","pattern":"a"}'], ['PUT', '{"type":"pull-wake","wake_stream":"w"}'],
    ['PUT', '{"type":"pull-wake","pattern":"","wake_stream":"w"}'], ['PUT', '{"type":"pull-wake","streams":[],"wake_stream":"w"}'],
    ['PUT', '{"type":"pull-wake","pattern":"a//b","wake_stream":"w"}'], ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"__ds/x"}'],
    ['PUT', '{"type":"pull-wake","streams":["../a"],"wake_stream":"w"}'], ['PUT', '{"type":"pull-wake","streams":["__ds"],"wake_stream":"w"}'],
    ['PUT', '{"type":"pull-wake","streams":["w"],"wake_stream":"w"}'], ['PUT', '{"type":"webhook","pattern":"a"}'],
    ['PUT', '{"type":"webhook","pattern":"a","webhook":{"url":5}}'],
    ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"w","lease_ttl_ms":999}'],
    ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"w","lease_ttl_ms":600001}'],
    ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"w","lease_ttl_ms":"2000"}'],
    ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"w","description":1}'],
    ['PUT', '{"type":"pull-wake","pattern":"a","wake_stream":"w","filter":{"language":"cel"}}'],
    ['PUT', `{"type":"pull-wake","pattern":"${'*/'.repeat(70)}a","wake_stream":"w"}`],
    ['POST', '{"streams":"a"}'], ['POST', '{"streams":[1]}'], ['POST', '{}'],
  ])('%s %s is refused', async (method, body) => {
    const { base } = await serve({ binding, subscriptions })
    const path = method === 'PUT' ? '__ds/subscriptions/s' : '__ds/subscriptions/s/streams'
    const answer = await control(base, method, path, body)
    expect([answer.status, answer.code]).toEqual([400, 'INVALID_REQUEST'])
  }) // prettier-ignore

  test('what lies below __ds is reached by the control API only, however it is spelled', async () => {
    const { base, store } = await serve({ binding, subscriptions })
    for (const path of [
      '__ds',
      '__ds/x',
      '__ds/subscriptions',
      '%5F%5Fds/x',
      '__ds/subscriptions/a/b',
      '__ds/signing-keys',
    ])
      for (const method of ['PUT', 'GET', 'DELETE', 'POST']) {
        const { status, code } = await control(base, method, path, method === 'GET' ? undefined : '{}')
        expect([path, method, status]).toEqual([path, method, 404])
        expect(['NOT_FOUND', 'SUBSCRIPTION_NOT_FOUND']).toContain(code)
      }
    expect(store.list('', '', 10)).toEqual([])
    const fork = await fetch(`${base}/f`, {
      method: 'PUT',
      headers: { 'stream-forked-from': '/v1/stream/__ds/signing-keys' },
    })
    expect(fork.status).toBeGreaterThanOrEqual(400)
    for (const [method, path, allow] of [
      ['POST', '__ds/subscriptions/s', 'GET, PUT, DELETE'], ['GET', '__ds/subscriptions/s/claim', 'POST'],
      ['GET', '__ds/subscriptions/s/streams', 'POST'], ['POST', '__ds/subscriptions/s/streams/a', 'DELETE'],
      ['PUT', '__ds/jwks.json', 'GET'],
    ] as const) {
      const answer = await control(base, method, path)
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow])
    } // prettier-ignore
    const preflight = await fetch(`${base}/__ds/subscriptions/s`, { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
  })

  test('a body over the bound is refused, and ids are one plain segment', async () => {
    const { base } = await serve({ binding, subscriptions })
    const long = await control(base, 'PUT', '__ds/subscriptions/s', `{"x":"${'x'.repeat(1 << 20)}"}`)
    expect(long.code).toBe('BODY_TOO_LARGE')
    for (const id of [
      '%2e%2e',
      'a%2fb',
      'a%00b',
      '%ff',
      'x'.repeat(257),
      encodeURIComponent('é'.repeat(200)),
    ]) {
      const answer = await control(base, 'GET', `__ds/subscriptions/${id}`)
      expect([id, [400, 404].includes(answer.status)]).toEqual([id, true])
      if (id.length !== 6) expect(answer.status).toBe(400)
    }
    const odd = encodeURIComponent('a b:é*+')
    const body = { type: 'pull-wake', pattern: 'x', wake_stream: 'w' }
    expect((await control(base, 'PUT', `__ds/subscriptions/${odd}`, body)).json['id']).toBe('a b:é*+')
  })

  test('authorize decides on everything but reports, which carry a token', async () => {
    const asked: string[] = []
    const { base } = await serve({
      binding,
      subscriptions: {
        authorize: ({ action, subscriptionId, header }) => {
          asked.push(`${action} ${subscriptionId}`)
          return header('authorization') === 'Bearer good'
        },
      },
    })
    const body = { type: 'pull-wake', pattern: 'x/*', wake_stream: 'w' }
    expect((await control(base, 'PUT', '__ds/subscriptions/s', body)).code).toBe('UNAUTHORIZED')
    const good = { authorization: 'Bearer good' }
    expect((await control(base, 'PUT', '__ds/subscriptions/s', body, good)).status).toBe(201)
    expect((await control(base, 'POST', '__ds/subscriptions/s/claim', { worker: 'w' })).status).toBe(401)
    expect((await control(base, 'GET', '__ds/subscriptions/s')).status).toBe(401)
    expect((await control(base, 'DELETE', '__ds/subscriptions/s')).status).toBe(401)
    expect((await control(base, 'POST', '__ds/subscriptions/s/streams', { streams: ['a'] })).status).toBe(401)
    expect((await control(base, 'DELETE', '__ds/subscriptions/s/streams/a')).status).toBe(401)
    expect(asked).toEqual(['create s', 'create s', 'claim s', 'read s', 'delete s', 'link s', 'unlink s'])
    expect((await control(base, 'GET', '__ds/jwks.json')).status).toBe(200)
  })

  test('the receiver of a webhook that is refused by its address hears nothing', async () => {
    const receiver = await WebhookReceiver.start()
    const { base } = await serve({ binding })
    const refused = await control(base, 'PUT', '__ds/subscriptions/s', {
      type: 'webhook',
      pattern: '*',
      webhook: { url: receiver.url },
    })
    expect([refused.status, refused.code]).toEqual([400, 'WEBHOOK_URL_REJECTED'])
    await control(base, 'PUT', 'a', [1])
    expect((await control(base, 'GET', '__ds/subscriptions/s')).status).toBe(404)
    expect(receiver.received).toEqual([])
  })

  test('rotation signs with a new key and keeps the old one published', async () => {
    const { base, server } = await serve({ binding, subscriptions })
    const receiver = await WebhookReceiver.start()
    receiver.answer = { status: 200, body: '{}' }
    const made = await control(base, 'PUT', '__ds/subscriptions/s', {
      type: 'webhook',
      pattern: '*',
      webhook: { url: receiver.url },
    })
    const jwksUrl = `${base}/__ds/jwks.json`
    await control(base, 'PUT', 'a', [1])
    const first = await receiver.wake(1)
    const kid = await server.handler.subscriptions!.rotateSigningKey()
    const { json, headers } = await control(base, 'GET', '__ds/jwks.json')
    expect(headers.get('content-type')).toBe('application/jwk-set+json')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    const { signing } = made.json['webhook'] as { signing: { kid: string } }
    expect((json['keys'] as { kid: string }[]).map((key) => key.kid)).toEqual([kid, signing.kid])
    expect(Object.keys((json['keys'] as object[])[0]!).sort()).toEqual([
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
    ])
    await verifyWebhook(first.toRequest(), { jwksUrl })
    // A token that was signed with the old key is still good.
    const done = await control(
      base,
      'POST',
      '__ds/subscriptions/s/callback',
      ...report(first.event, first.event.callback_token),
    )
    expect(done.json).toEqual({ ok: true, next_wake: true })
    const second = await receiver.wake(2)
    expect(second.headers['webhook-signature']).toContain(`kid=${kid}`)
    await verifyWebhook(second.toRequest(), { jwksUrl })
  })

  test('health tells of subscriptions that cannot wake anybody', async () => {
    const { base } = await serve({ binding, subscriptions })
    await control(base, 'PUT', '__ds/subscriptions/s', {
      type: 'pull-wake',
      pattern: '*',
      wake_stream: 'none',
    })
    await control(base, 'PUT', 'a', [1])
    let problems: unknown
    for (
      let i = 0;
      i < 100 && JSON.stringify(problems) !== '["subscription s: the wake stream none does not exist"]';
      i++
    ) {
      const health = (await (await fetch(new URL('/health', base))).json()) as {
        subscriptions: { problems: unknown }
      }
      problems = health.subscriptions.problems
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(problems).toEqual(['subscription s: the wake stream none does not exist'])
  })
})
