import {
  BINDINGS,
  createStream,
  dial,
  readAll,
  sendRaw,
  sendRequest,
  serve,
} from './support/running-server.js'
import { checkError } from './support/fuzz-world.js'
import { describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'
import { createGatedStore } from './support/gated-store.js'
import { eventually } from './support/running-server.js'
import { headerOf } from './support/wire-response.js'

const ALLOW = 'GET, HEAD, POST, PUT, DELETE, OPTIONS'
const TEXT = { 'Content-Type': 'text/plain' }

describe.each(BINDINGS)('methods and connections, %s binding', (binding) => {
  test.each(['PATCH', 'TRACE', 'PROPFIND', 'SEARCH', 'MKCOL', 'PURGE', 'CONNECT'])(
    '%s is not allowed, and the answer says what is',
    async (method) => {
      const running = await serve({ binding })
      await createStream(running, 's', 'content')
      const response = await sendRequest(running, method, method === 'CONNECT' ? 'h:80' : '/v1/stream/s')
      expect(checkError(response)).toBe('METHOD_NOT_ALLOWED')
      expect(headerOf(response, 'allow')).toBe(ALLOW)
      expect((await readAll(running, 's')).toString()).toBe('content')
    },
  )

  test.each(['MADEUP', 'get', 'Get', 'G E T', ''])('%j is no method', async (method) => {
    const running = await serve({ binding })
    expect(checkError(await sendRequest(running, method, '/v1/stream/s'))).toBe('BAD_REQUEST')
  })

  test('a TLS handshake is answered in plain HTTP', async () => {
    const running = await serve({ binding })
    expect(checkError(await sendRaw(running, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))).toBe(
      'BAD_REQUEST',
    )
  })

  test('OPTIONS tells the methods for a stream, for none, and for the whole server', async () => {
    const running = await serve({ binding })
    for (const target of ['/v1/stream/s', '/elsewhere', '*']) {
      const response = await sendRequest(running, 'OPTIONS', target)
      expect([response.status, headerOf(response, 'allow')]).toEqual([204, ALLOW])
    }
  })

  test('a wish to upgrade is passed over', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'content')
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
    expect((await sendRequest(running, 'GET', '/v1/stream/s', headers)).status).toBe(200)
  })

  test('HTTP/1.0 needs no Host, and its connection is closed', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'content')
    const connection = await dial(running)
    connection.send('GET /v1/stream/s HTTP/1.0\r\n\r\n')
    expect((await connection.response()).body.toString()).toBe('content')
    await connection.closed
  })

  test('a live read over HTTP/1.0 ends with its connection', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'content')
    await fetch(`${running.base}/s`, { method: 'POST', headers: { 'stream-closed': 'true' } })
    const connection = await dial(running)
    connection.send('GET /v1/stream/s?offset=-1&live=sse HTTP/1.0\r\n\r\n')
    await connection.closed
    expect(connection.received.toString()).toContain('data:content')
    expect(connection.received.toString()).toContain('"streamClosed":true')
  })

  test('requests that follow each other over one connection are answered in their order', async () => {
    const running = await serve({ binding })
    await createStream(running, 's')
    const connection = await dial(running)
    const requests = [
      formatRequest('POST', '/v1/stream/s', TEXT, 'a'),
      formatRequest('GET', '/v1/stream/none'),
      formatRequest('POST', '/v1/stream/s', TEXT, 'b'),
      formatRequest('PUT', '/v1/stream/t', TEXT, 'c'),
      formatRequest('GET', '/v1/stream/../s'),
      formatRequest('GET', '/v1/stream/t'),
      formatRequest('POST', '/v1/stream/s', TEXT, 'd'),
    ]
    connection.send(requests.join(''))
    await connection.response(requests.length - 1)
    const statuses = connection.parse().responses.map(({ status }) => status)
    expect(statuses.slice(0, 5)).toEqual([204, 404, 204, 201, 400])
    expect(statuses[6]).toBe(204)
    expect((await readAll(running, 's')).toString()).toBe('abd')
  })

  test.each([
    ['PUT POST POST DELETE', '201 204 204 204'],
    ['PUT DELETE PUT', '201 204 201'],
    ['PUT POST CLOSE POST', '201 204 204 409'],
    ['PUT LONG CLOSE GET', '201 204 204 200'],
    ['PUT CHUNKED POST CLOSE HEAD', '201 204 204 204 200'],
  ])('%s, sent in one piece, take effect in that order', async (methods, statuses) => {
    const running = await serve({ binding })
    const target = '/v1/stream/s'
    const requests: Record<string, string> = {
      PUT: formatRequest('PUT', target, TEXT),
      POST: formatRequest('POST', target, TEXT, 'x'),
      LONG: formatRequest('POST', target, TEXT, 'y'.repeat(5_000)),
      CHUNKED: `${formatRequest('POST', target, { ...TEXT, 'Transfer-Encoding': 'chunked' })}1\r\nz\r\n0\r\n\r\n`,
      CLOSE: formatRequest('POST', target, { 'Stream-Closed': 'true' }),
      GET: formatRequest('GET', target),
      HEAD: formatRequest('GET', `${target}?offset=now`),
      DELETE: formatRequest('DELETE', target),
    }
    const names = methods.split(' ')
    const connection = await dial(running)
    connection.send(names.map((name) => requests[name]!).join(''))
    await connection.response(names.length - 1)
    expect(connection.parse().responses.map(({ status }) => status)).toEqual(statuses.split(' ').map(Number))
  })

  test('a connection is closed that was idle for keepAliveTimeoutMs, or on which nothing ever came', async () => {
    const running = await serve({ binding, keepAliveTimeoutMs: 100, stallTimeoutMs: 500 })
    const used = await dial(running)
    expect((await used.send(formatRequest('GET', '/health')).response()).status).toBe(200)
    const unused = await dial(running)
    await used.closed
    await unused.closed
  })

  test('rubbish behind a request that waits for the store is not taken for its answer', async () => {
    const store = createGatedStore()
    const running = await serve({ binding, store })
    await createStream(running, 's')
    const connection = await dial(running)
    store.gate.shut('commit')
    connection.send(formatRequest('POST', '/v1/stream/s', TEXT, 'kept'))
    await eventually(() => store.gate.waiting === 1, 'the commit')
    connection.send('rubbish\r\n\r\n')
    await connection.closed
    store.gate.open()
    expect(connection.received.toString()).toBe('')
    await sendRequest(running, 'POST', '/v1/stream/s', TEXT, '!')
    expect((await readAll(running, 's')).toString()).toBe('kept!')
  })

  test('rubbish behind a live read does not get into its events', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'content')
    const connection = await dial(running)
    connection.send(formatRequest('GET', '/v1/stream/s?offset=-1&live=sse'))
    await connection.until(() => connection.liveText.includes('upToDate'), 'the first event')
    connection.send('rubbish\r\n\r\n')
    await connection.closed
    expect(connection.received.toString()).not.toContain('BAD_REQUEST')
    await eventually(() => running.server.handler.engine.liveReaders === 0, 'the end of the read')
  })

  test('a read that waits behind another answer begins when it can be answered', async () => {
    const running = await serve({ binding })
    await createStream(running, 's')
    const { engine } = running.server.handler
    const connection = await dial(running)
    const poll = formatRequest('GET', '/v1/stream/s?offset=now&live=long-poll')
    const sse = formatRequest('GET', '/v1/stream/s?offset=-1&live=sse')
    connection.send(poll + sse.repeat(20))
    await eventually(() => engine.liveReaders > 0, 'the long-poll')
    await sendRequest(running, 'GET', '/health')
    expect(engine.liveReaders).toBe(1)
    await sendRequest(running, 'POST', '/v1/stream/s', TEXT, 'content')
    await connection.until(() => connection.received.includes('data:content'), 'the events behind it')
    expect(engine.liveReaders).toBe(1)
    connection.destroy()
    await eventually(() => engine.liveReaders === 0, 'their end')
  })

  test('a live read whose client left before it began is given up', async () => {
    const store = createGatedStore()
    const running = await serve({ binding, store })
    await createStream(running, 's')
    for (const mode of ['sse', 'long-poll']) {
      store.gate.shut('load')
      const connection = await dial(running)
      connection.send(formatRequest('GET', `/v1/stream/s?offset=now&live=${mode}`))
      await eventually(() => store.gate.waiting === 1, 'the load')
      connection.destroy()
      await connection.closed
      await sendRequest(running, 'GET', '/health')
      await sendRequest(running, 'GET', '/health')
      store.gate.open()
      await sendRequest(running, 'HEAD', '/v1/stream/s')
      await eventually(() => running.server.handler.engine.liveReaders === 0, `the end of ${mode}`)
    }
  })
})
