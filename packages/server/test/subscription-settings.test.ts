import type { StreamPath } from '@ds/core'
import { Hono } from 'hono'
import { MemoryStore } from '@ds/store-memory'
import { StreamHandler, createHonoApp, nodeRuntime } from '../src/index.js'
import { WebhookReceiver } from './support/webhook-receiver.js'
import { control } from './support/control-client.js'
import { expect, test } from 'vitest'
import { serve } from './support/running-server.js'
import { webRuntime } from '../src/hono.js'

const subscriptions = { webhooks: { development: true } }

test('a server without subscriptions keeps __ds reserved', async () => {
  const { base } = await serve({ subscriptions: false })
  expect((await control(base, 'GET', '__ds/jwks.json')).status).toBe(404)
  expect((await control(base, 'PUT', '__ds/x', '{}')).status).toBe(404)
})

test('where webhooks cannot be called, pull-wake works and webhooks are refused with a code of their own', async () => {
  const { app, handler } = createHonoApp({ store: new MemoryStore() }, webRuntime)
  const host = new Hono().route('/tenant', app)
  const send = async (
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await host.request(`/tenant/v1/stream/${path}`, init)
    const text = await response.text()
    return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
  }
  const webhook = { type: 'webhook', pattern: '*', webhook: { url: 'https://example.com/' } }
  expect(await send('PUT', '__ds/subscriptions/s', webhook)).toMatchObject({
    status: 501,
    json: { error: { code: 'WEBHOOKS_UNSUPPORTED' } },
  })
  await send('PUT', 'wake', [])
  expect(
    (await send('PUT', '__ds/subscriptions/p', { type: 'pull-wake', pattern: '*', wake_stream: 'wake' }))
      .status,
  ).toBe(201)
  await send('PUT', 'a', [1])
  expect((await send('POST', '__ds/subscriptions/p/claim', { worker: 'w' })).status).toBe(200)
  await handler.close()
})

test('behind a proxy and mounted below a prefix, URLs are those that clients use', async () => {
  const receiver = await WebhookReceiver.start()
  const { app, handler } = createHonoApp(
    { store: new MemoryStore(), subscriptions, publicOrigin: 'https://pub.example' },
    nodeRuntime,
  )
  const host = new Hono().route('/api/:tenant', app)
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ type: 'webhook', pattern: '*', webhook: { url: receiver.url } })
  const made = await host.request('/api/acme/v1/stream/__ds/subscriptions/s', {
    method: 'PUT',
    headers,
    body,
  })
  const { webhook } = (await made.json()) as { webhook: { signing: { jwks_url: string } } }
  expect(webhook.signing.jwks_url).toBe('https://pub.example/api/acme/v1/stream/__ds/jwks.json')
  await host.request('/api/acme/v1/stream/a', { method: 'PUT', headers, body: '[1]' })
  const { event } = await receiver.wake(1)
  expect(event.callback_url).toBe('https://pub.example/api/acme/v1/stream/__ds/subscriptions/s/callback')
  await handler.close()
})

test('a stop in the middle of a post is quick, and the next start posts the same wake again', async () => {
  const receiver = await WebhookReceiver.start()
  receiver.answer = null
  const store = new MemoryStore()
  const { base, server } = await serve({ store, subscriptions, stopTimeoutMs: 15_000 })
  const body = { type: 'webhook', pattern: '*', webhook: { url: receiver.url } }
  await control(base, 'PUT', '__ds/subscriptions/s', body)
  await control(base, 'PUT', 'a', [1])
  const { event } = await receiver.wake(1)
  const started = performance.now()
  await server.stop()
  expect(performance.now() - started).toBeLessThan(10_000)
  receiver.answer = { status: 200, body: '{"done":true}' }
  await serve({ store, subscriptions })
  const again = await receiver.wake(2)
  expect(again.event.wake_id).toBe(event.wake_id)
})

test('a pattern over 100,000 streams is linked without holding anybody up', async () => {
  const store = new MemoryStore()
  const handler = new StreamHandler({ store }, nodeRuntime)
  const body = new TextEncoder().encode('x')
  for (let i = 0; i < 100_000; i += 1_000) {
    const request = { contentType: 'text/plain', expiry: null, closed: false, fork: null, body }
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => handler.engine.create(`e/${i + n}` as StreamPath, request)),
    )
  }
  let worst = 0
  let last = performance.now()
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last)
    last = performance.now()
  }, 1)
  const config = {
    type: 'pull-wake',
    pattern: 'e/*',
    streams: [],
    webhookUrl: null,
    wakeStream: 'w' as StreamPath,
  } as const
  const outcome = await handler.subscriptions!.service.create(
    's',
    { ...config, leaseTtlMs: 1_000, description: null },
    'http://x',
  )
  clearInterval(timer)
  expect('subscription' in outcome && outcome.subscription.links.size).toBe(100_000)
  // Single steps take a few milliseconds; the rest is for machines that do other things as well.
  expect(worst).toBeLessThan(250)
  await handler.close()
}, 60_000)
