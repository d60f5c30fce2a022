import type { RunningServer } from './support/running-server.js'
import type { WireResponse } from './support/wire-response.js'
import {
  BINDINGS,
  append,
  createStream,
  dial,
  readAll,
  sendRequest,
  serve,
} from './support/running-server.js'
import { createGatedStore } from './support/gated-store.js'
import { checkError } from './support/fuzz-world.js'
import { describe, expect, test } from 'vitest'
import { eventually } from './support/running-server.js'
import { formatRequest } from './support/raw-connection.js'
import { headerOf } from './support/wire-response.js'

const TEXT = { 'Content-Type': 'text/plain' }

function post(running: RunningServer, body: string, headers = {}): Promise<WireResponse> {
  return sendRequest(running, 'POST', '/v1/stream/s', { ...TEXT, ...headers }, body)
}

describe.each(BINDINGS)('limits, %s binding', (binding) => {
  test('a target over maxTargetLength is refused with 414, the longest one is not', async () => {
    const running = await serve({ binding, maxTargetLength: 100 })
    await createStream(running, 's', 'content')
    const fill = (length: number): string => '/v1/stream/s?x='.padEnd(length, 'y')
    expect((await sendRequest(running, 'GET', fill(100))).status).toBe(200)
    expect(checkError(await sendRequest(running, 'GET', fill(101)))).toBe('URI_TOO_LONG')
  })

  test('a path over maxPathLength is refused with 414 for a stream and for the source of a fork', async () => {
    const running = await serve({ binding, maxPathLength: 10 })
    const put = (path: string, headers = {}): Promise<WireResponse> => {
      return sendRequest(running, 'PUT', `/v1/stream/${path}`, headers)
    }
    expect((await put('p'.repeat(10))).status).toBe(201)
    expect((await put('%70'.repeat(10))).status).toBe(200)
    expect(checkError(await put('p'.repeat(11)))).toBe('URI_TOO_LONG')
    const fork = { 'Stream-Forked-From': `/v1/stream/${'p'.repeat(11)}` }
    expect(checkError(await put('fork', fork))).toBe('URI_TOO_LONG')
    expect(await running.store.list('', '', 10)).toEqual(['p'.repeat(10)])
  })

  test('headers over maxHeaderBytes are refused with 431', async () => {
    const running = await serve({ binding, maxHeaderBytes: 1_000 })
    await createStream(running, 's', 'content')
    expect((await post(running, 'a', { 'X-Fill': 'x'.repeat(500) })).status).toBe(204)
    expect(checkError(await post(running, 'b', { 'X-Fill': 'x'.repeat(1_000) }))).toBe('HEADERS_TOO_LARGE')
    expect((await readAll(running, 's')).toString()).toBe('contenta')
  })

  test('headers are not dropped, however many there are', async () => {
    const running = await serve({ binding, maxHeaderBytes: 64_000 })
    await createStream(running, 's', 'content')
    const connection = await dial(running)
    const fill = 'A: b\r\n'.repeat(2_500)
    connection.send(`POST /v1/stream/s HTTP/1.1\r\nHost: h\r\n${fill}Stream-Closed: true\r\n\r\n`)
    expect(headerOf(await connection.response(), 'stream-closed')).toBe('true')
  })

  test('while maxReceivingBytes are being received, further bodies are refused with 503', async () => {
    const running = await serve({ binding, maxBodyBytes: 20_000, maxReceivingBytes: 20_000 })
    await createStream(running, 's')
    const slow = await dial(running)
    slow.send(formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': '15000' }))
    slow.send('a'.repeat(14_999))
    for (let i = 0; i < 3; i++) await sendRequest(running, 'GET', '/health')
    const refused = await post(running, 'b'.repeat(10_000))
    expect(checkError(refused)).toBe('OVERLOADED')
    expect(headerOf(refused, 'retry-after')).toBe('1')
    expect((await slow.send('a').response()).status).toBe(204)
    expect((await post(running, 'b'.repeat(10_000))).status).toBe(204)
    expect((await readAll(running, 's')).toString()).toBe('a'.repeat(15_000) + 'b'.repeat(10_000))
  })

  test('with more than maxPipelined requests waiting behind another, their connection is closed', async () => {
    const running = await serve({ binding, maxPipelined: 10 })
    await createStream(running, 's', 'content')
    const poll = formatRequest('GET', '/v1/stream/s?offset=now&live=long-poll')
    const read = formatRequest('GET', '/v1/stream/s?offset=-1')
    for (let round = 0; round < 3; round++) {
      const connection = await dial(running)
      connection.send(read.repeat(11))
      expect((await connection.response(10)).body.toString()).toBe('content')
      connection.send(poll + read.repeat(10))
      await sendRequest(running, 'GET', '/health')
      expect(connection.isClosed).toBe(false)
      connection.send(read)
      await connection.closed
    }
    const { engine } = running.server.handler
    await eventually(() => engine.liveReaders === 0, 'the end of the long-polls')
  })

  test('over maxLiveReaders, live reads are refused with 503 until one of them ends', async () => {
    const running = await serve({ binding, limits: { maxLiveReaders: 2 }, longPollTimeoutMs: 3_000 })
    await createStream(running, 's', 'content')
    const { engine } = running.server.handler
    const readers = [await dial(running), await dial(running)]
    for (const reader of readers) reader.send(formatRequest('GET', '/v1/stream/s?offset=now&live=sse'))
    await eventually(() => engine.liveReaders === 2, 'two live reads')
    for (const live of ['sse', 'long-poll']) {
      const refused = await sendRequest(running, 'GET', `/v1/stream/s?offset=now&live=${live}`)
      expect(checkError(refused)).toBe('OVERLOADED')
    }
    expect((await readAll(running, 's')).toString()).toBe('content')
    expect((await sendRequest(running, 'GET', '/v1/stream/s?offset=-1&live=long-poll')).status).toBe(200)
    readers[0]!.destroy()
    await eventually(() => engine.liveReaders === 1, 'one of them to end')
    const waiter = sendRequest(running, 'GET', '/v1/stream/s?offset=now&live=long-poll')
    await eventually(() => engine.liveReaders === 2, 'a new one')
    expect(await append(running, 's', ' and more')).toBe(204)
    expect((await waiter).body.toString()).toBe(' and more')
  })

  test('over maxProducersPerStream, new producers are refused with 429 and known ones go on', async () => {
    const running = await serve({ binding, limits: { maxProducersPerStream: 2 } })
    await createStream(running, 's')
    const produce = (id: string, seq: number): Promise<WireResponse> => {
      const tuple = { 'Producer-Id': id, 'Producer-Epoch': '0', 'Producer-Seq': String(seq) }
      return post(running, `${id}${seq}`, tuple)
    }
    expect((await produce('a', 0)).status).toBe(200)
    expect((await produce('b', 0)).status).toBe(200)
    const refused = await produce('c', 0)
    expect(checkError(refused)).toBe('TOO_MANY_PRODUCERS')
    expect(headerOf(refused, 'retry-after')).toBe('1')
    expect((await produce('a', 1)).status).toBe(200)
    expect((await produce('a', 1)).status).toBe(204)
    expect((await readAll(running, 's')).toString()).toBe('a0b0a1')
  })

  test('over maxForksPerStream, forks are refused with 429 until one of them is deleted', async () => {
    const running = await serve({ binding, limits: { maxForksPerStream: 2 } })
    await createStream(running, 's', 'content')
    const fork = (path: string): Promise<WireResponse> => {
      return sendRequest(running, 'PUT', `/v1/stream/${path}`, { 'Stream-Forked-From': '/v1/stream/s' })
    }
    expect((await fork('f1')).status).toBe(201)
    expect((await fork('f2')).status).toBe(201)
    expect(checkError(await fork('f3'))).toBe('TOO_MANY_FORKS')
    expect((await sendRequest(running, 'GET', '/v1/stream/f3')).status).toBe(404)
    expect((await sendRequest(running, 'DELETE', '/v1/stream/f1')).status).toBe(204)
    expect((await fork('f3')).status).toBe(201)
  })

  test('over maxForkDepth, forks of forks are refused with 400', async () => {
    const running = await serve({ binding, limits: { maxForkDepth: 2 } })
    await createStream(running, 'f0', 'content')
    const fork = async (depth: number): Promise<WireResponse> => {
      const source = { 'Stream-Forked-From': `/v1/stream/f${depth - 1}` }
      return sendRequest(running, 'PUT', `/v1/stream/f${depth}`, { ...TEXT, ...source }, `+${depth}`)
    }
    expect((await fork(1)).status).toBe(201)
    expect((await fork(2)).status).toBe(201)
    expect(checkError(await fork(3))).toBe('FORK_TOO_DEEP')
    expect((await sendRequest(running, 'GET', '/v1/stream/f3')).status).toBe(404)
    expect((await readAll(running, 'f2')).toString()).toBe('content+1+2')
  })

  test('over maxQueuedWrites, appends are refused with 503 and the ones in the queue are not lost', async () => {
    const store = createGatedStore()
    const running = await serve({ binding, store, limits: { maxQueuedWrites: 2 } })
    await createStream(running, 's')
    store.gate.shut('commit')
    const first = post(running, 'a')
    await eventually(() => store.gate.waiting === 1, 'the first commit')
    const later = ['b', 'c', 'd', 'e'].map((body) => post(running, body))
    const early: WireResponse[] = []
    for (const answer of later) void answer.then((response) => early.push(response))
    await eventually(() => early.length === 2, 'two refusals')
    expect(early.map(checkError)).toEqual(['OVERLOADED', 'OVERLOADED'])
    store.gate.open()
    expect((await first).status).toBe(204)
    const statuses = (await Promise.all(later)).map(({ status }) => status)
    expect([...statuses].sort()).toEqual([204, 204, 503, 503])
    const kept = ['b', 'c', 'd', 'e'].filter((_, i) => statuses[i] === 204)
    expect((await readAll(running, 's')).toString().split('').sort()).toEqual(['a', ...kept])
  })

  test('over maxQueuedBytes, appends are refused with 503', async () => {
    const store = createGatedStore()
    const running = await serve({ binding, store, limits: { maxQueuedBytes: 1_000 } })
    await createStream(running, 's')
    await createStream(running, 'other')
    store.gate.shut('commit')
    const first = post(running, 'a'.repeat(600))
    await eventually(() => store.gate.waiting === 1, 'the first commit')
    expect(checkError(await post(running, 'b'.repeat(600)))).toBe('OVERLOADED')
    store.gate.open()
    expect((await first).status).toBe(204)
    expect((await post(running, 'c'.repeat(600))).status).toBe(204)
    expect((await readAll(running, 's')).length).toBe(1_200)
  })

  test('what is not complete after requestTimeoutMs, or has no headers after headersTimeoutMs, is refused with 408', async () => {
    const running = await serve({ binding, requestTimeoutMs: 200 })
    const headersOnly = await serve({ binding, headersTimeoutMs: 200 })
    await createStream(running, 's', 'content')
    const announced = formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': '9' })
    const chunked = formatRequest('PUT', '/v1/stream/new', { 'Transfer-Encoding': 'chunked' })
    const unfinished = [
      [running, 'POST /v1/stream/s HTTP/1.1\r\nHost: h\r\nX: '],
      [running, announced],
      [running, `${announced}half`],
      [running, `${chunked}4\r\nhalf\r\n`],
      [headersOnly, 'GET /v1/stre'],
    ] as const
    await Promise.all(
      unfinished.map(async ([server, bytes]) => {
        const connection = await dial(server)
        expect(checkError(await connection.send(bytes).response())).toBe('REQUEST_TIMEOUT')
        await connection.closed
      }),
    )
    expect((await readAll(running, 's')).toString()).toBe('content')
    expect(await running.store.list('', '', 10)).toEqual(['s'])
  })

  test('over maxConnections, connections are closed at once', async () => {
    const running = await serve({ binding, maxConnections: 1 })
    const first = await dial(running)
    first.send(formatRequest('GET', '/health'))
    await first.response()
    const second = await dial(running)
    await second.closed
    expect(second.received.length).toBe(0)
    first.send(formatRequest('GET', '/health'))
    expect((await first.response(1)).status).toBe(200)
  })
})
