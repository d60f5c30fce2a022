import { DurableStream, IdempotentProducer, stream } from '../../src/index.js'
import { expect, test } from 'vitest'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { once } from 'node:events'

const EVENT_BYTES = 65_536
const EVENTS = 1_000

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`
}

test('a slow consumer of an event stream stops the server from sending, and gets everything in the end', async () => {
  let written = 0
  let onBlocked: () => void = () => undefined
  const blocked = new Promise<void>((resolve) => (onBlocked = resolve))
  const server = createServer((request, response) => {
    if (!request.url!.includes('live=')) {
      response.writeHead(200, {
        'content-type': 'application/json',
        'stream-next-offset': '00000',
        'stream-up-to-date': 'true',
      })
      response.end('[]')
      return
    }
    void (async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let i = 1; i <= EVENTS; i++) {
        const control = {
          streamNextOffset: String(i).padStart(5, '0'),
          ...(i === EVENTS ? { streamClosed: true } : {}),
        }
        const data = `event: data\ndata:["${'x'.repeat(EVENT_BYTES)}"]\n\n`
        written++
        if (response.write(`${data}event: control\ndata:${JSON.stringify(control)}\n\n`)) continue
        // Blocked for good: it does not drain although it has time to.
        const timer = setTimeout(onBlocked, 200)
        await once(response, 'drain')
        clearTimeout(timer)
      }
      response.end()
    })()
  })
  const url = await listen(server)
  try {
    const response = await stream<string>({ url, live: 'sse' })
    const items = response[Symbol.asyncIterator]()
    expect((await items.next()).done).toBe(false)
    await blocked
    expect(written * EVENT_BYTES).toBeLessThan(20_000_000)
    let count = 1
    while ((await items.next()).done !== true) count++
    expect(count).toBe(EVENTS)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a producer refuses what exceeds its bound, and tells when there is room', async () => {
  const answers: (() => void)[] = []
  const server = createServer((request, response) => {
    request
      .resume()
      .on('end', () => answers.push(() => response.writeHead(200, { 'stream-next-offset': '1' }).end()))
  })
  const url = await listen(server)
  try {
    const handle = new DurableStream({ url, contentType: 'text/plain' })
    const told: Error[] = []
    const options = {
      maxBufferedBytes: 10_000,
      maxBatchBytes: 1_000,
      onError: (error: Error) => told.push(error),
    }
    const producer = new IdempotentProducer(handle, 'p', options)
    const appends = Array.from({ length: 12 }, () => producer.append('x'.repeat(1_000)))
    const results = Promise.allSettled(appends)
    await expect(appends[11]).rejects.toMatchObject({ code: 'BUFFER_FULL' })
    let isReady = false
    const ready = producer.ready.then(() => (isReady = true))
    const answering = setInterval(() => answers.shift()?.(), 1)
    expect(isReady).toBe(false)
    await ready
    await producer.flush()
    clearInterval(answering)
    expect((await results).filter(({ status }) => status === 'rejected')).toHaveLength(told.length)
    await producer.ready
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
