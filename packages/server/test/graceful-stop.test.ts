import { BINDINGS, append, createStream, dial, eventually, startServer } from './support/running-server.js'
import { RawConnection, formatRequest } from './support/raw-connection.js'
import { createGatedStore } from './support/gated-store.js'
import { checkError } from './support/fuzz-world.js'
import { describe, expect, test } from 'vitest'
import { headerOf } from './support/wire-response.js'

const TEXT = { 'Content-Type': 'text/plain' }
const SSE = formatRequest('GET', '/v1/stream/s?offset=-1&live=sse')
const POLL = formatRequest('GET', '/v1/stream/s?offset=now&live=long-poll')

describe.each(BINDINGS)('a stop, %s binding', (binding) => {
  test('appends that were begun are committed and acknowledged, and no new connection is taken', async () => {
    const store = createGatedStore()
    const running = await startServer({ binding, store, stopTimeoutMs: 10_000 })
    await createStream(running, 's')
    store.gate.shut('commit')
    const writers = await Promise.all(Array.from({ length: 3 }, () => dial(running)))
    for (const [i, writer] of writers.entries()) {
      writer.send(formatRequest('POST', '/v1/stream/s', TEXT, `<${i}>`))
    }
    const late = await dial(running)
    late.send(formatRequest('POST', '/v1/stream/none', TEXT, 'x'))
    await late.response()
    await eventually(() => store.gate.waiting === 1, 'the commit')
    const stopped = running.stop()
    await expect(RawConnection.open(running.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    store.gate.open()
    await stopped
    for (const writer of writers) expect((await writer.response()).status).toBe(204)
    const { record } = store.load('s' as never, []) as { record: { tail: number } }
    expect(record.tail).toBe(9)
  })

  test('an upload that was begun is finished, and a write that comes later is refused with 503', async () => {
    const store = createGatedStore()
    const running = await startServer({ binding, store })
    await createStream(running, 's')
    store.gate.shut('commit')
    const writer = await dial(running)
    writer.send(formatRequest('POST', '/v1/stream/s', TEXT, 'begun'))
    await eventually(() => store.gate.waiting === 1, 'the commit')
    const uploader = await dial(running)
    uploader.send(formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': '4' }))
    const late = await dial(running)
    const head = formatRequest('POST', '/v1/stream/s', TEXT, 'late').slice(0, -6)
    late.send(head)
    const deleter = await dial(running)
    const deletion = formatRequest('DELETE', '/v1/stream/s')
    deleter.send(deletion.slice(0, -2))
    const prober = await dial(running)
    prober.send(formatRequest('HEAD', '/v1/stream/none'))
    await prober.response()
    const stopped = running.stop()
    deleter.send('\r\n')
    expect(checkError(await deleter.response())).toBe('UNAVAILABLE')
    late.send('\r\nlate')
    const refused = await late.response()
    expect(checkError(refused)).toBe('UNAVAILABLE')
    expect(headerOf(refused, 'connection')).toBe('close')
    uploader.send('done')
    store.gate.open()
    expect((await uploader.response()).status).toBe(204)
    await stopped
    expect((await writer.response()).status).toBe(204)
    const { record } = store.load('s' as never, []) as { record: { tail: number } }
    expect(record.tail).toBe(9)
  })

  test('writers that never pause are all told to go, and lose no answer', async () => {
    const running = await startServer({ binding, stopTimeoutMs: 60_000 })
    await createStream(running, 's')
    const writers = await Promise.all(Array.from({ length: 8 }, () => dial(running)))
    const post = formatRequest('POST', '/v1/stream/s', TEXT, 'x')
    let answers = 0
    const all = writers.map(async (writer) => {
      for (let i = 0; ; i++) {
        const response = await writer.send(post).response(i)
        answers++
        if (headerOf(response, 'connection') === 'close') return response.status
      }
    })
    await eventually(() => answers > 200, 'some traffic')
    await running.stop()
    for (const status of await Promise.all(all)) expect([204, 503]).toContain(status)
  })

  test('a request of which only a part of the head has come does not hold up the stop', async () => {
    const running = await startServer({ binding, stopTimeoutMs: 60_000 })
    const half = await dial(running)
    half.send('GET /v1/str')
    const prober = await dial(running)
    prober.send(formatRequest('GET', '/health'))
    await prober.response()
    await running.stop()
    await half.closed
  })

  test('live reads end in good order after the last event', async () => {
    const running = await startServer({ binding })
    await createStream(running, 's', 'first,')
    const readers = await Promise.all(Array.from({ length: 20 }, () => dial(running)))
    for (const reader of readers) reader.send(SSE)
    const { engine } = running.server.handler
    await eventually(() => engine.liveReaders === 20, 'the readers')
    const last = readers[0]!
    expect(await append(running, 's', 'last')).toBe(204)
    await last.until(() => last.liveText.includes('last'), 'the last event')
    await running.stop()
    for (const reader of readers) {
      await reader.closed
      expect(reader.hasEnded).toBe(true)
      expect(reader.liveText.replace(/event: control\ndata:.*\n\n/g, '')).toMatch(
        /^event: data\ndata:first,(?:\n\nevent: data\ndata:)?last\n\n$/,
      )
      expect(reader.liveText).not.toContain('streamClosed')
    }
    expect(engine.liveReaders).toBe(0)
  })

  test('waiting long-polls are answered with 204 and where to go on', async () => {
    const running = await startServer({ binding })
    await createStream(running, 's', 'content')
    const waiters = await Promise.all(Array.from({ length: 20 }, () => dial(running)))
    for (const waiter of waiters) waiter.send(POLL)
    await eventually(() => running.server.handler.engine.liveReaders === 20, 'the waiters')
    await running.stop()
    for (const waiter of waiters) {
      const response = await waiter.response()
      expect(response.status).toBe(204)
      expect(headerOf(response, 'stream-next-offset')).toMatch(/^0000000000000007_/)
      expect(headerOf(response, 'stream-cursor')).toMatch(/^\d+$/)
    }
  })

  test('idle connections are closed at once', async () => {
    const running = await startServer({ binding, stopTimeoutMs: 60_000 })
    const idle = await dial(running)
    const silent = await dial(running)
    idle.send(formatRequest('GET', '/health'))
    expect((await idle.response()).status).toBe(200)
    await running.stop()
    await idle.closed
    await silent.closed
  })

  test('clients that are stuck are cut off at the deadline', async () => {
    const running = await startServer({ binding, stopTimeoutMs: 300 })
    await createStream(running, 's')
    for (let i = 0; i < 24; i++) expect(await append(running, 's', 'x'.repeat(1 << 20))).toBe(204)
    const half = await dial(running)
    half.send(formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': '9' }))
    const stalled = await dial(running, { paused: true })
    stalled.send(SSE)
    await eventually(() => running.server.handler.engine.liveReaders === 1, 'the stalled reader')
    const begun = performance.now()
    await running.stop()
    expect(performance.now() - begun).toBeLessThan(8_000)
    await half.closed
    stalled.socket.resume()
    await stalled.closed
  })

  test('live reads that still wait for the store when the stop comes do not hold it up', async () => {
    for (const query of ['offset=now&live=sse', 'offset=now&live=long-poll']) {
      const store = createGatedStore()
      const running = await startServer({ binding, store, stopTimeoutMs: 60_000 })
      await createStream(running, 's')
      store.gate.shut('load')
      const reader = await dial(running)
      reader.send(formatRequest('GET', `/v1/stream/s?${query}`))
      await eventually(() => store.gate.waiting === 1, 'the load')
      const stopped = running.stop()
      store.gate.open()
      await stopped
      expect(running.server.handler.engine.liveReaders).toBe(0)
      await reader.closed
      expect([200, 204, 503]).toContain((await reader.response()).status)
    }
  })

  test('a store that never answers does not hold up the stop', async () => {
    const store = createGatedStore()
    const running = await startServer({ binding, store, stopTimeoutMs: 200 })
    await createStream(running, 's')
    store.gate.shut('commit')
    const writer = await dial(running)
    writer.send(formatRequest('POST', '/v1/stream/s', TEXT, 'stuck'))
    await eventually(() => store.gate.waiting === 1, 'the commit')
    await running.stop()
    await writer.closed
    expect(writer.received.length).toBe(0)
    store.gate.open()
  })

  test('a second stop waits for the same end, and a server that never started stops, too', async () => {
    const running = await startServer({ binding })
    expect(running.server.stop()).toBe(running.server.stop())
    await running.stop()
    await running.stop()
    const { DurableStreamsServer } = await import('../src/index.js')
    await new DurableStreamsServer({ binding }).stop()
  })

  test('a port that is taken rejects the start', async () => {
    const running = await startServer({ binding })
    await expect(startServer({ binding, port: running.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await running.stop()
    const again = await startServer({ binding, port: running.port })
    await again.stop()
  })
})
