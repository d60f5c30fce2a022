import type { RunningServer } from './support/running-server.js'
import type { StreamPath } from '@ds/core'
import { BINDINGS, append, dial, eventually, readAll, serve } from './support/running-server.js'
import { RawConnection, formatRequest } from './support/raw-connection.js'
import { describe, expect, test } from 'vitest'

const MIB = 1 << 20
const LIVE = formatRequest('GET', '/v1/stream/s?offset=-1&live=sse')

/** A text stream of as many megabytes, no two pieces of it alike. */
async function createLongStream(running: RunningServer, sizeMib: number): Promise<void> {
  const { engine } = running.server.handler
  const path = 's' as StreamPath
  const contentType = 'text/plain'
  const nothing = new Uint8Array(0)
  await engine.create(path, { contentType, expiry: null, closed: false, fork: null, body: nothing })
  for (let i = 0; i < sizeMib; i++) {
    const piece = (n: number): string => (i * MIB + n).toString(16).padStart(64, '.')
    const body = Buffer.from(Array.from({ length: MIB / 64 }, (_, n) => piece(n)).join(''))
    await engine.append(path, { contentType, body, close: false, producer: null, streamSeq: null })
  }
}

/** What the text events carry, put together again. */
function joinData(events: string): string {
  return [...events.matchAll(/^event: data\ndata:(.*)\n\n/gm)].map((match) => match[1]!).join('')
}

describe.each(BINDINGS)('readers that do not read, %s binding', (binding) => {
  test('stalled live readers hold little memory, are cut off, and others go on', async () => {
    const running = await serve({ binding, stallTimeoutMs: 1_000, sseHeartbeatMs: 300 })
    const { engine } = running.server.handler
    await createLongStream(running, 50)
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    const stalled = await Promise.all(Array.from({ length: 8 }, () => dial(running, { paused: true })))
    for (const reader of stalled) reader.send(LIVE)
    const other = await dial(running)
    other.send(formatRequest('GET', '/v1/stream/s?offset=now&live=sse'))
    await eventually(() => engine.liveReaders === 9, 'all readers')
    let peak = 0
    for (let i = 0; engine.liveReaders > 1; i++) {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
      expect(await append(running, 's', `<${i}>`)).toBe(204)
      await other.until(() => other.liveText.includes(`<${i}>`), `append ${i}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(peak / MIB).toBeLessThan(8 * 6)
    expect(other.isClosed).toBe(false)
    for (const reader of stalled) {
      reader.socket.resume()
      await reader.closed
      expect(reader.received.length / MIB).toBeLessThan(25)
    }
  }, 20_000)

  test('a slow reader gets every byte once and in order', async () => {
    const running = await serve({ binding, limits: { maxPageBytes: 64 << 10 } })
    await createLongStream(running, 8)
    const content = (await readAll(running, 's')).toString()
    expect(await append(running, 's', '', { 'stream-closed': 'true' })).toBe(204)
    const reader = await RawConnection.open(running.port)
    reader.socket.on('data', () => {
      reader.socket.pause()
      setTimeout(() => reader.socket.resume(), 1)
    })
    reader.send(LIVE)
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!reader.isClosed && !reader.endsWith('0\r\n\r\n')) return
        clearInterval(look)
        resolve()
      }, 20)
    })
    reader.destroy()
    expect(reader.hasEnded).toBe(true)
    expect(joinData(reader.liveText) === content).toBe(true)
    expect(reader.liveText.match(/"streamClosed":true/g)).toHaveLength(1)
  }, 20_000)

  test('a reader that was stalled for less than the limit goes on where it was', async () => {
    const running = await serve({ binding })
    await createLongStream(running, 24)
    const content = (await readAll(running, 's')).toString()
    const reader = await dial(running, { paused: true })
    reader.send(LIVE)
    await eventually(() => running.server.handler.engine.liveReaders === 1, 'the reader')
    for (let i = 0; i < 20; i++) expect(await append(running, 's', `<${i}>`)).toBe(204)
    expect(await append(running, 's', '', { 'stream-closed': 'true' })).toBe(204)
    reader.socket.resume()
    await reader.until(() => reader.endsWith('0\r\n\r\n'), 'the end')
    const more = Array.from({ length: 20 }, (_, i) => `<${i}>`).join('')
    expect(joinData(reader.liveText) === content + more).toBe(true)
  }, 20_000)

  test('a catch-up reader that takes nothing is cut off, too', async () => {
    const running = await serve({
      binding,
      stallTimeoutMs: 500,
      maxConnections: 1,
      limits: { maxPageBytes: 64 * MIB },
    })
    await createLongStream(running, 24)
    const stalled = await dial(running, { paused: true })
    stalled.send(formatRequest('GET', '/v1/stream/s?offset=-1'))
    // There is room for one connection, so nobody else is served while the stalled one lasts.
    const canConnect = async (): Promise<boolean> => {
      const connection = await RawConnection.open(running.port)
      try {
        return await connection
          .send(formatRequest('GET', '/health'))
          .response()
          .then(() => true)
      } catch {
        return false
      } finally {
        connection.destroy()
      }
    }
    expect(await canConnect()).toBe(false)
    const deadline = performance.now() + 10_000
    while (!(await canConnect())) expect(performance.now()).toBeLessThan(deadline)
    stalled.socket.resume()
    await stalled.closed
    expect(stalled.received.length / MIB).toBeLessThan(24)
  }, 20_000)
})
