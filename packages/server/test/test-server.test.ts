import type { StreamLifecycleEvent } from '../src/http/options.js'
import type { TestServerOptions } from '../src/index.js'
import { DurableStreamTestServer } from '../src/index.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listPaths } from './support/fuzz-world.js'

async function start(options: TestServerOptions = {}): Promise<DurableStreamTestServer> {
  const server = new DurableStreamTestServer(options)
  await server.start()
  onTestFinished(() => server.stop())
  return server
}

function put(
  server: DurableStreamTestServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${server.url}/v1/stream/${path}`, { method: 'PUT', headers, body: 'content '.repeat(500) })
}

describe('DurableStreamTestServer', () => {
  test('start resolves to the url, which is also the baseUrl, on a free port', async () => {
    const server = new DurableStreamTestServer()
    expect(() => server.url).toThrow('not started')
    const url = await server.start()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect([server.url, server.baseUrl]).toEqual([url, url])
    expect((await put(server, 's')).status).toBe(201)
    await server.stop()
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  test('a port and a host can be chosen', async () => {
    const first = await start()
    const { port } = new URL(first.url)
    const second = new DurableStreamTestServer({ port: Number(port), host: '127.0.0.1' })
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('clear removes every stream: sources, forks of forks, and streams that have expired', async () => {
    const server = await start()
    for (const name of ['a', 'm', 'z']) await put(server, name)
    for (const [fork, source] of [
      ['b', 'm'],
      ['y', 'm'],
      ['c', 'b'],
      ['n', 'y'],
      ['d', 'z'],
    ]) {
      const response = await put(server, fork!, { 'stream-forked-from': `/v1/stream/${source!}` })
      expect(response.status).toBe(201)
    }
    const soon = Date.now() + 30
    await put(server, 'expired', { 'stream-expires-at': new Date(soon).toISOString() })
    while (Date.now() <= soon) await new Promise((resolve) => setTimeout(resolve, 1))
    await server.clear()
    expect(listPaths(server.store).filter((path) => path !== 'expired')).toEqual([])
    expect((await fetch(`${server.url}/v1/stream/expired`)).status).toBe(404)
    expect((await put(server, 'm')).status).toBe(201)
  })

  test('clear ends live readers', async () => {
    const server = await start()
    await put(server, 's')
    const response = await fetch(`${server.url}/v1/stream/s?offset=now&live=sse`)
    const waiter = fetch(`${server.url}/v1/stream/s?offset=now&live=long-poll`)
    await server.clear()
    expect(await response.text()).not.toContain('streamClosed')
    expect((await waiter).status).toBe(404)
  })

  test('longPollTimeout, compression and the hooks are taken', async () => {
    const events: StreamLifecycleEvent[] = []
    const hear = (event: StreamLifecycleEvent): Promise<void> => {
      events.push(event)
      return Promise.resolve()
    }
    const server = await start({
      longPollTimeout: 50,
      compression: false,
      onStreamCreated: hear,
      onStreamDeleted: hear,
    })
    await put(server, 's', { 'content-type': 'text/plain' })
    const read = await fetch(`${server.url}/v1/stream/s`)
    expect(read.headers.get('content-encoding')).toBeNull()
    expect((await fetch(`${server.url}/v1/stream/s?offset=now&live=long-poll`)).status).toBe(204)
    await fetch(`${server.url}/v1/stream/s`, { method: 'DELETE' })
    expect(events.map(({ type }) => type)).toEqual(['created', 'deleted'])
  })

  test('the store can be looked into', async () => {
    const server = await start()
    await put(server, 'dir/s')
    expect(listPaths(server.store)).toEqual(['dir/s'])
  })
})
