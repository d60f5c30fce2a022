import type { RunningServer } from './support/running-server.js'
import type { RawConnection } from './support/raw-connection.js'
import { BINDINGS, append, createStream, dial, eventually, serve } from './support/running-server.js'
import { describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'
import { headerOf } from './support/wire-response.js'

const WAITERS = 500

async function follow(running: RunningServer, count: number, query: string): Promise<RawConnection[]> {
  const { engine } = running.server.handler
  const before = engine.liveReaders
  const connections = await Promise.all(Array.from({ length: count }, () => dial(running)))
  for (const connection of connections) connection.send(formatRequest('GET', `/v1/stream/s?${query}`))
  await eventually(() => engine.liveReaders === before + count, `${count} live readers`)
  return connections
}

const poll = (running: RunningServer, count: number): Promise<RawConnection[]> => {
  return follow(running, count, 'offset=now&live=long-poll')
}

const sse = async (running: RunningServer, count: number): Promise<RawConnection[]> => {
  const readers = await follow(running, count, 'offset=now&live=sse')
  for (const reader of readers)
    await reader.until(() => reader.liveText.includes('upToDate'), 'the first event')
  return readers
}

describe.each(BINDINGS)('live readers, %s binding', (binding) => {
  test(`an append wakes ${WAITERS} long-polls and ${WAITERS} event streams`, async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'before')
    const readers = await sse(running, WAITERS)
    const waiters = await poll(running, WAITERS)
    expect(await append(running, 's', 'news')).toBe(204)
    const offsets = new Set<string | null>()
    for (const waiter of waiters) {
      const response = await waiter.response()
      expect(response.status).toBe(200)
      expect(response.body.toString()).toBe('news')
      offsets.add(headerOf(response, 'stream-next-offset'))
    }
    expect(offsets.size).toBe(1)
    for (const reader of readers) {
      await reader.until(() => reader.liveText.includes('data:news\n'), 'the news')
      expect(reader.liveText.match(/event: data/g)).toHaveLength(1)
    }
    expect(running.server.handler.engine.liveReaders).toBe(WAITERS)
  }, 20_000)

  test('the last message of an append that closes reaches every reader, and so does the closure', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'before')
    const readers = await sse(running, 10)
    const waiters = await poll(running, 10)
    expect(await append(running, 's', 'last words', { 'stream-closed': 'true' })).toBe(204)
    for (const waiter of waiters) {
      const response = await waiter.response()
      expect(response.body.toString()).toBe('last words')
      expect(headerOf(response, 'stream-closed')).toBe('true')
    }
    for (const reader of readers) {
      await reader.until(() => reader.hasEnded, 'the end')
      expect(reader.liveText).toMatch(/data:last words\n\nevent: control\ndata:.*"streamClosed":true/)
    }
    expect(running.server.handler.engine.liveReaders).toBe(0)
  })

  test('a close without a message ends every reader', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'before')
    const readers = await sse(running, 10)
    const waiters = await poll(running, 10)
    expect(await append(running, 's', '', { 'stream-closed': 'true' })).toBe(204)
    for (const waiter of waiters) {
      const response = await waiter.response()
      expect([response.status, headerOf(response, 'stream-closed')]).toEqual([204, 'true'])
    }
    for (const reader of readers) {
      await reader.until(() => reader.hasEnded, 'the end')
      expect(reader.liveText).toContain('"streamClosed":true')
    }
  })

  test('a delete ends event streams, answers long-polls with 404, and a new stream is not theirs', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'before')
    const readers = await sse(running, 10)
    const waiters = await poll(running, 10)
    await fetch(`${running.base}/s`, { method: 'DELETE' })
    await createStream(running, 's', 'another')
    for (const waiter of waiters) expect((await waiter.response()).status).toBe(404)
    for (const reader of readers) {
      await reader.until(() => reader.hasEnded, 'the end')
      expect(reader.liveText).not.toContain('another')
      expect(reader.liveText).not.toContain('streamClosed')
    }
    expect(running.server.handler.engine.liveReaders).toBe(0)
  })

  test('a stream that expires ends its readers', async () => {
    const running = await serve({ binding, limits: { sweepIntervalMs: 50 } })
    const expiresAt = new Date(Date.now() + 1_000).toISOString()
    const headers = { 'content-type': 'text/plain', 'stream-expires-at': expiresAt }
    await fetch(`${running.base}/s`, { method: 'PUT', headers, body: 'before' })
    const [reader] = await sse(running, 1)
    const [waiter] = await poll(running, 1)
    expect((await waiter!.response()).status).toBe(404)
    await reader!.until(() => reader!.hasEnded, 'the end')
  })

  test('event streams are ended in good order after sseRecycleMs, and are kept alive until then', async () => {
    const running = await serve({ binding, sseRecycleMs: 1_500, sseHeartbeatMs: 500 })
    await createStream(running, 's', 'before')
    const [reader] = await sse(running, 1)
    await reader!.until(() => reader!.hasEnded, 'the end')
    expect(reader!.liveText).toMatch(/\n\n:\n\n/)
    expect(reader!.liveText).not.toContain('streamClosed')
    expect(running.server.handler.engine.liveReaders).toBe(0)
  })

  test('a long-poll that nothing wakes answers 204 after longPollTimeoutMs', async () => {
    const running = await serve({ binding, longPollTimeoutMs: 100 })
    await createStream(running, 's', 'before')
    const [waiter] = await poll(running, 1)
    const response = await waiter!.response()
    expect([response.status, headerOf(response, 'stream-up-to-date')]).toEqual([204, 'true'])
    expect(running.server.handler.engine.liveReaders).toBe(0)
  })

  test('readers that leave are forgotten', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', 'before')
    const connections = [...(await sse(running, 20)), ...(await poll(running, 20))]
    for (const connection of connections) connection.destroy()
    await eventually(() => running.server.handler.engine.liveReaders === 0, 'the end of all readers')
    expect(await append(running, 's', 'after')).toBe(204)
  })

  test('readers that keep up with many appends see each once and in order', async () => {
    const running = await serve({ binding })
    await createStream(running, 's')
    const readers = await sse(running, 20)
    const writes = Array.from({ length: 200 }, (_, i) => `<${i}>`)
    for (const body of writes) expect(await append(running, 's', body)).toBe(204)
    const textOf = (reader: RawConnection): string =>
      [...reader.liveText.matchAll(/^event: data\ndata:(.*)$/gm)].map((match) => match[1]!).join('')
    for (const reader of readers) {
      await reader.until(() => reader.liveText.includes('<199>'), 'the last append')
      expect(textOf(reader)).toBe(writes.join(''))
    }
  })
})
