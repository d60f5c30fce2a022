import type { DurableStreamsApp, HandlerOptions } from '../src/hono.js'
import type { RunningServer } from './support/running-server.js'
import { Hono } from 'hono'
import { MemoryStore } from '@ds/store-memory'
import { bearerAuth } from 'hono/bearer-auth'
import { createHonoApp } from '../src/hono.js'
import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, sendRequest } from './support/running-server.js'
import { getRequestListener } from '@hono/node-server'
import { listPaths } from './support/fuzz-world.js'
import { mount } from 'hono/mount'

const ORIGIN = 'http://streams.test'
const TEXT = { 'content-type': 'text/plain' }

type Fetch = (target: string, init?: RequestInit) => Promise<Response>

function createApp(options: Partial<HandlerOptions> = {}): DurableStreamsApp & { store: MemoryStore } {
  const store = new MemoryStore()
  const streams = createHonoApp({ store, ...options })
  onTestFinished(() => streams.handler.close())
  return { ...streams, store }
}

function fetchOf(app: Hono): Fetch {
  return async (target, init) => app.fetch(new Request(ORIGIN + target, init))
}

async function codeOf(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } }
  return [response.status, error.code]
}

/** Serves an app as its users do, over @hono/node-server. */
async function listen(app: Hono): Promise<Pick<RunningServer, 'port'>> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer((message, response) => void listener(message, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as { port: number }).port }
}

describe('the Hono app as a fetch function', () => {
  test('it creates, appends, reads, describes, closes and deletes', async () => {
    const call = fetchOf(createApp().app)
    const created = await call('/v1/stream/a%20b', { method: 'PUT', headers: TEXT, body: 'one,' })
    expect(created.status).toBe(201)
    expect(created.headers.get('location')).toBe(`${ORIGIN}/v1/stream/a%20b`)
    const appended = await call('/v1/stream/a%20b', { method: 'POST', headers: TEXT, body: 'two' })
    expect(appended.status).toBe(204)
    const read = await call('/v1/stream/a%20b?offset=-1')
    expect([read.status, await read.text()]).toEqual([200, 'one,two'])
    const head = await call('/v1/stream/a%20b', { method: 'HEAD' })
    expect(head.headers.get('stream-next-offset')).toBe(read.headers.get('stream-next-offset'))
    const closed = await call('/v1/stream/a%20b', { method: 'POST', headers: { 'stream-closed': 'true' } })
    expect(closed.headers.get('stream-closed')).toBe('true')
    expect((await call('/v1/stream/a%20b', { method: 'DELETE' })).status).toBe(204)
    expect(await codeOf(await call('/v1/stream/a%20b'))).toEqual([404, 'STREAM_NOT_FOUND'])
    expect(await codeOf(await call('/elsewhere'))).toEqual([404, 'NOT_FOUND'])
  })

  test('a reader that cancels an event stream is forgotten', async () => {
    const { app, handler } = createApp()
    const call = fetchOf(app)
    await call('/v1/stream/s', { method: 'PUT', headers: TEXT, body: 'content' })
    const response = await call('/v1/stream/s?offset=-1&live=sse')
    const reader = response.body!.getReader()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toContain('data:content')
    expect(handler.engine.liveReaders).toBe(1)
    await reader.cancel()
    expect(handler.engine.liveReaders).toBe(0)
    expect((await call('/v1/stream/s', { method: 'POST', headers: TEXT, body: '!' })).status).toBe(204)
  })

  test('a long-poll whose request is aborted is forgotten', async () => {
    const { app, handler } = createApp()
    const call = fetchOf(app)
    await call('/v1/stream/s', { method: 'PUT', headers: TEXT, body: 'content' })
    const abort = new AbortController()
    const answer = call('/v1/stream/s?offset=now&live=long-poll', { signal: abort.signal })
    await eventually(() => handler.engine.liveReaders === 1, 'the wait')
    abort.abort()
    await answer
    expect(handler.engine.liveReaders).toBe(0)
  })

  test('an event stream ends with the stream, and goes on while it is read', async () => {
    const call = fetchOf(createApp().app)
    await call('/v1/stream/s', { method: 'PUT', headers: TEXT })
    const events = (await call('/v1/stream/s?offset=-1&live=sse')).text()
    for (const body of ['a', 'b', 'c']) await call('/v1/stream/s', { method: 'POST', headers: TEXT, body })
    await call('/v1/stream/s', { method: 'POST', headers: { 'stream-closed': 'true' } })
    const text = await events
    expect([...text.matchAll(/^data:(\w+)$/gm)].map((match) => match[1]).join('')).toBe('abc')
    expect(text).toContain('"streamClosed":true')
  })

  test('a body that is too large is refused, whether its length is known or not', async () => {
    const { app, store } = createApp({ maxBodyBytes: 10 })
    const call = fetchOf(app)
    const streamed = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
    })
    for (const body of ['x'.repeat(11), streamed]) {
      const init = { method: 'PUT', headers: TEXT, body, duplex: 'half' } as RequestInit
      expect(await codeOf(await call('/v1/stream/s', init))).toEqual([413, 'BODY_TOO_LARGE'])
    }
    expect(listPaths(store)).toEqual([])
  })

  test('text is compressed with gzip, which every runtime has', async () => {
    const call = fetchOf(createApp().app)
    const body = 'compress me '.repeat(1_000)
    await call('/v1/stream/s', { method: 'PUT', headers: TEXT, body })
    const response = await call('/v1/stream/s', { headers: { 'accept-encoding': 'br, gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    const plain = response.body!.pipeThrough(new DecompressionStream('gzip'))
    expect(await new Response(plain).text()).toBe(body)
  })
})

describe('the Hono app in another one', () => {
  const within = (options: Partial<HandlerOptions> = {}): { parent: Hono; store: MemoryStore } => {
    const { app, store } = createApp(options)
    const parent = new Hono()
    parent.get('/hello', (c) => c.text('hello'))
    parent.use('/api/*', bearerAuth({ token: 'secret' }))
    parent.route('/api', app)
    return { parent, store }
  }
  const KEY = { authorization: 'Bearer secret' }

  test('locations and the sources of forks have the prefix', async () => {
    const { parent, store } = within()
    const call = fetchOf(parent)
    const created = await call('/api/v1/stream/s', { method: 'PUT', headers: { ...TEXT, ...KEY }, body: 'x' })
    expect(created.headers.get('location')).toBe(`${ORIGIN}/api/v1/stream/s`)
    const fork = (path: string, from: string): Promise<Response> =>
      call(path, { method: 'PUT', headers: { ...KEY, 'stream-forked-from': from } })
    expect((await fork('/api/v1/stream/f', '/api/v1/stream/s')).status).toBe(201)
    expect(await codeOf(await fork('/api/v1/stream/g', '/v1/stream/s'))).toEqual([400, 'INVALID_FORK_SOURCE'])
    expect(listPaths(store)).toEqual(['f', 's'])
    expect(await (await call('/api/v1/stream/f', { headers: KEY })).text()).toBe('x')
  })

  test('errors are its own below the prefix, and the other routes stay what they are', async () => {
    const call = fetchOf(within().parent)
    expect(await (await call('/hello')).text()).toBe('hello')
    expect((await call('/v1/stream/s')).status).toBe(404)
    expect(await codeOf(await call('/api/v1/stream/s', { headers: KEY }))).toEqual([404, 'STREAM_NOT_FOUND'])
    expect(await codeOf(await call('/api/none', { headers: KEY }))).toEqual([404, 'NOT_FOUND'])
    const patch = await call('/api/v1/stream/s', { method: 'PATCH', headers: KEY })
    expect(await codeOf(patch)).toEqual([405, 'METHOD_NOT_ALLOWED'])
  })

  test('its health is found below the prefix', async () => {
    const response = await fetchOf(within().parent)('/api/health', { headers: KEY })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ status: 'ok', store: { name: 'memory' } })
  })

  test('what middleware refuses never gets to a stream', async () => {
    const { parent, store } = within()
    const call = fetchOf(parent)
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      const response = await call('/api/v1/stream/s', { method })
      expect(response.status).toBe(401)
    }
    expect(listPaths(store)).toEqual([])
  })

  test.each(['route', 'mount'])('%s keeps paths apart as they were sent', async (how) => {
    const { app, store } = createApp()
    const parent = new Hono()
    if (how === 'route') parent.route('/api', app)
    else parent.all('/api/*', mount(app.fetch))
    const running = (await listen(parent)) as RunningServer
    const put = (path: string): ReturnType<typeof sendRequest> =>
      sendRequest(running, 'PUT', path, { 'Content-Type': 'text/plain' }, 'x')
    expect((await put('/api/v1/stream/x')).status).toBe(201)
    for (const path of ['a/%2e%2e/x', 'a/../y', '/y', 'a%2Fy', './y', 'y%00']) {
      expect((await put(`/api/v1/stream/${path}`)).status).toBe(400)
    }
    for (const path of ['/api/%2e%2e/api/v1/stream/y', '/api/../api/v1/stream/y', '/api//v1/stream/y']) {
      expect((await put(path)).status).toBeGreaterThanOrEqual(400)
    }
    expect(listPaths(store)).toEqual(['x'])
  })
})
