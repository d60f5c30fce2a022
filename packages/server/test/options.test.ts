import type { ServerOptions } from '../src/standalone/durable-streams-server.js'
import type { RunningServer } from './support/running-server.js'
import type { StoreHealth } from '@ds/core'
import type { StreamLifecycleEvent } from '../src/http/options.js'
import { BINDINGS, append, createStream, eventually, serve } from './support/running-server.js'
import { DurableStreamsServer } from '../src/standalone/durable-streams-server.js'
import { MemoryStore } from '@ds/store-memory'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { headerOf } from './support/wire-response.js'
import { sendRequest } from './support/running-server.js'

const ORIGIN = 'https://app.test'

async function head(running: RunningServer, init: RequestInit = {}, query = ''): Promise<Headers> {
  const response = await fetch(`${running.base}/s${query}`, init)
  await response.arrayBuffer()
  return response.headers
}

describe.each(BINDINGS)('compression, %s binding', (binding) => {
  const content = 'compress me '.repeat(1_000)
  const start = async (options = {}): Promise<RunningServer> => {
    const running = await serve({ binding, ...options })
    await createStream(running, 's', content)
    return running
  }

  test.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, br', 'br'],
    ['*', 'br'],
    ['GZIP', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0, *;q=0.5', 'gzip'],
    ['gzip;q=0', null],
    ['gzip;q=0, br;q=0.0', null],
    ['*;q=0', null],
    ['identity', null],
    ['deflate, zstd', null],
    ['', null],
    ['gzip;q=', 'gzip'],
  ])('Accept-Encoding: %s is answered with %s', async (accepted, coding) => {
    const running = await start()
    const response = await sendRequest(running, 'GET', '/v1/stream/s', { 'Accept-Encoding': accepted })
    if (accepted !== 'gzip;q=') expect(headerOf(response, 'content-encoding')).toBe(coding)
    expect(headerOf(response, 'vary')).toBe('accept-encoding')
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }[
      headerOf(response, 'content-encoding') ?? ''
    ]
    expect((unpack?.(response.body) ?? response.body).toString()).toBe(content)
  })

  test('each coding has an entity tag of its own, and only its own is not modified', async () => {
    const running = await start()
    const tags = new Map<string, string>()
    for (const coding of ['br', 'gzip', 'identity']) {
      const response = await sendRequest(running, 'GET', '/v1/stream/s', { 'Accept-Encoding': coding })
      tags.set(coding, headerOf(response, 'etag')!)
    }
    expect(new Set(tags.values()).size).toBe(3)
    for (const coding of tags.keys()) {
      for (const [other, tag] of tags) {
        const headers = { 'Accept-Encoding': coding, 'If-None-Match': tag }
        const { status } = await sendRequest(running, 'GET', '/v1/stream/s', headers)
        expect(status).toBe(other === coding ? 304 : 200)
      }
    }
  })

  test('what is short, or not text, or live is sent as it is', async () => {
    const running = await start()
    await createStream(running, 'short', 'short')
    await createStream(running, 'bytes', content, 'application/octet-stream')
    const closed = { 'stream-closed': 'true' }
    await append(running, 's', '', closed)
    for (const target of ['short', 'bytes', 's?offset=-1&live=sse']) {
      const response = await sendRequest(running, 'GET', `/v1/stream/${target}`, {
        'Accept-Encoding': 'gzip',
      })
      expect(headerOf(response, 'content-encoding')).toBeNull()
    }
  })

  test('compressFromBytes moves the limit, and 0 turns compression off', async () => {
    const accepted = { 'Accept-Encoding': 'gzip' }
    const off = await start({ compressFromBytes: 0 })
    const response = await sendRequest(off, 'GET', '/v1/stream/s', accepted)
    expect([headerOf(response, 'content-encoding'), headerOf(response, 'vary')]).toEqual([null, null])
    const late = await start({ compressFromBytes: content.length + 1 })
    const whole = await sendRequest(late, 'GET', '/v1/stream/s', accepted)
    expect(headerOf(whole, 'content-encoding')).toBeNull()
  })
})

describe.each(BINDINGS)('options, %s binding', (binding) => {
  test('cors as a list lets the listed origins read, with credentials, and no others', async () => {
    const running = await serve({ binding, cors: [ORIGIN, 'https://other.test'] })
    await createStream(running, 's', 'content')
    const listed = await head(running, { headers: { origin: ORIGIN } })
    expect(listed.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(listed.get('access-control-allow-credentials')).toBe('true')
    expect(listed.get('access-control-expose-headers')).toContain('stream-next-offset')
    for (const origin of [
      'https://evil.test',
      'https://app.test.evil.test',
      'null',
      `${ORIGIN}, https://evil.test`,
    ]) {
      const other = await head(running, { headers: { origin } })
      expect(other.get('access-control-allow-origin')).toBeNull()
      expect(other.get('vary')).toMatch(/\borigin\b/)
    }
    expect((await head(running)).get('vary')).toMatch(/\borigin\b/)
  })

  test('cors is for everybody by default, without credentials, and can be turned off', async () => {
    const init = { headers: { origin: ORIGIN } }
    const open = await serve({ binding })
    await createStream(open, 's', 'content')
    expect((await head(open, init)).get('access-control-allow-origin')).toBe('*')
    expect((await head(open, init)).get('access-control-allow-credentials')).toBeNull()
    const missing = await fetch(`${open.base}/none`, init)
    expect(missing.headers.get('access-control-allow-origin')).toBe('*')
    const shut = await serve({ binding, cors: false })
    await createStream(shut, 's', 'content')
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    }
    for (const request of [init, preflight]) {
      const headers = await head(shut, request)
      headers.forEach((_value, name) => expect(name).not.toMatch(/^access-control-/))
    }
  })

  test.each([
    [undefined, /^public, max-age=60/],
    ['private', /^private, max-age=60/],
    ['no-store', /^no-store$/],
  ] as const)('cachePrivacy %s says who may keep what was read', async (cachePrivacy, expected) => {
    const running = await serve({ binding, ...(cachePrivacy === undefined ? {} : { cachePrivacy }) })
    await createStream(running, 's', 'content')
    expect((await head(running)).get('cache-control')).toMatch(expected)
    expect((await head(running, {}, '?offset=now')).get('cache-control')).toBe('no-store')
  })

  test('publicOrigin stands in locations instead of what the request says', async () => {
    const running = await serve({ binding, publicOrigin: 'https://public.test/' })
    const created = await head(running, { method: 'PUT' })
    expect(created.get('location')).toBe('https://public.test/v1/stream/s')
  })

  test('basePath moves the streams', async () => {
    const running = await serve({ binding, basePath: '/streams/' })
    const put = (path: string): ReturnType<typeof sendRequest> => sendRequest(running, 'PUT', path)
    const response = await put('/streams/s')
    expect(headerOf(response, 'location')).toBe('http://localhost/streams/s')
    for (const path of ['/v1/stream/s', '/streams', '/streams/', '/streamss', '/']) {
      expect((await put(path)).status).toBe(404)
    }
  })

  test('hooks hear of what clients create and delete, once each', async () => {
    const events: StreamLifecycleEvent[] = []
    const hear = (event: StreamLifecycleEvent): void => void events.push(event)
    const running = await serve({ binding, onStreamCreated: hear, onStreamDeleted: hear })
    const headers = { 'content-type': 'text/plain' }
    await head(running, { method: 'PUT', headers })
    await head(running, { method: 'PUT', headers })
    await head(running, { method: 'PUT' })
    await append(running, 's', 'content')
    await head(running, { method: 'DELETE' })
    await head(running, { method: 'DELETE' })
    await eventually(() => events.length >= 2, 'both events')
    expect(events).toMatchObject([
      { type: 'created', path: '/v1/stream/s', contentType: 'text/plain' },
      { type: 'deleted', path: '/v1/stream/s' },
    ])
    expect(Math.abs(events[0]!.timestamp - Date.now())).toBeLessThan(10_000)
  })

  test('a hook that throws is a fault, and the client does not notice', async () => {
    const running = await serve({
      binding,
      onStreamCreated: () => {
        throw new Error('the hook failed')
      },
      onStreamDeleted: () => Promise.reject(new Error('the hook failed, too')),
    })
    await createStream(running, 's')
    expect((await sendRequest(running, 'DELETE', '/v1/stream/s')).status).toBe(204)
    await eventually(() => running.faults.length === 2, 'both faults')
    expect(String(running.faults[0])).toContain('the hook failed')
  })

  test('a store that fails is answered with 503 and told to onFault, without its words', async () => {
    class BrokenStore extends MemoryStore {
      isBroken = false
      override load(...args: Parameters<MemoryStore['load']>): ReturnType<MemoryStore['load']> {
        if (this.isBroken) throw new Error('password of the store: 1234')
        return super.load(...args)
      }
    }
    const store = new BrokenStore()
    const running = await serve({ binding, store })
    await createStream(running, 's', 'content')
    store.isBroken = true
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
      const body = method === 'POST' ? 'x' : ''
      const response = await sendRequest(
        running,
        method,
        '/v1/stream/s',
        { 'Content-Type': 'text/plain' },
        body,
      )
      expect(response.status).toBe(503)
      expect(headerOf(response, 'retry-after')).toBe('1')
      expect(response.body.toString()).not.toContain('1234')
    }
    expect(running.faults.length).toBe(5)
    store.isBroken = false
    expect((await sendRequest(running, 'GET', '/v1/stream/s')).status).toBe(200)
  })

  test('health tells of the store and the readers', async () => {
    const running = await serve({ binding })
    const response = await sendRequest(running, 'GET', '/health')
    expect(JSON.parse(response.body.toString())).toMatchObject({
      status: 'ok',
      store: { name: 'memory', durability: 'volatile', multiNode: false },
      liveReaders: 0,
      subscriptions: { count: 0, problems: [] },
    })
    expect((await sendRequest(running, 'HEAD', '/health')).status).toBe(200)
    expect((await sendRequest(running, 'POST', '/health')).status).toBe(405)
  })

  test('health tells what is wrong with the store', async () => {
    const store = new (class extends MemoryStore {
      health(): StoreHealth {
        return { isWritable: false, problems: ['the journal cannot be written'] }
      }
    })()
    const running = await serve({ binding, store })
    const response = await sendRequest(running, 'GET', '/health')
    expect(response.status).toBe(200)
    expect(JSON.parse(response.body.toString())).toMatchObject({
      status: 'degraded',
      store: { isWritable: false, problems: ['the journal cannot be written'] },
    })
  })
})

describe('a server is not made of options that cannot be meant:', () => {
  test.each<[string, ServerOptions]>([
    ['maxBodyBytes', { maxBodyBytes: Number(undefined) }],
    ['maxReceivingBytes', { maxReceivingBytes: Infinity }],
    ['longPollTimeoutMs', { longPollTimeoutMs: -1 }],
    ['stallTimeoutMs', { stallTimeoutMs: 2 ** 31 }],
    ['sseRecycleMs', { sseRecycleMs: 0 }],
    ['maxHeaderBytes', { maxHeaderBytes: 0 }],
    ['keepAliveTimeoutMs', { keepAliveTimeoutMs: NaN }],
    ['maxConnections', { maxConnections: 1.5 }],
    ['stopTimeoutMs', { stopTimeoutMs: -1 }],
    ['maxQueuedBytes', { limits: { maxQueuedBytes: NaN } }],
    ['maxPageBytes', { limits: { maxPageBytes: 0 } }],
    ['maxDeliveries', { subscriptions: { limits: { maxDeliveries: 0 } } }],
    ['signingKeyRotationMs', { subscriptions: { signingKeyRotationMs: NaN } }],
    ['basePath', { basePath: 'streams' }],
    ['cachePrivacy', { cachePrivacy: 'shared' as 'public' }],
    ['binding', { binding: 'express' as 'node' }],
  ])('%s %o', (name, options) => {
    expect(() => new DurableStreamsServer(options)).toThrow(RangeError)
    expect(() => new DurableStreamsServer(options)).toThrow(name)
  })

  test('what is undefined has its default', () => {
    const options = { maxBodyBytes: undefined, limits: { maxPageBytes: undefined } } as object
    const { handler } = new DurableStreamsServer(options)
    expect(handler.settings.maxBodyBytes).toBe(64 << 20)
    expect(handler.engine.limits.maxPageBytes).toBe(1 << 20)
  })
})
