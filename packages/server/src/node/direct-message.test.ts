import type { AddressInfo } from 'node:net'
import type { BodySink } from './direct-message.js'
import type { RequestListener, Server } from 'node:http'
import { DirectMessage } from './direct-message.js'
import { afterEach, expect, test } from 'vitest'
import { connect } from 'node:net'
import { createServer } from 'node:http'
import { once } from 'node:events'

let server: Server | null = null

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
  server = null
})

class Collector implements BodySink {
  text = ''
  #settle: (how: 'ended' | 'gone') => void = () => undefined
  readonly whenEnded = new Promise<'ended' | 'gone'>((resolve) => {
    this.#settle = resolve
  })

  onChunk(chunk: Buffer): void {
    this.text += chunk.toString()
  }

  onEnd(): void {
    this.#settle('ended')
  }

  onGone(): void {
    this.#settle('gone')
  }
}

async function serve(listener: RequestListener<typeof DirectMessage>): Promise<string> {
  server = createServer({ IncomingMessage: DirectMessage }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a body goes to the sink, request after request of one connection', async () => {
  const url = await serve((message, response) => {
    const body = new Collector()
    expect(message.deliverTo(body)).toBe(true)
    void body.whenEnded.then((how) => response.end(`${how} ${body.text} ${String(message.readableEnded)}`))
  })
  for (const text of ['one', 'two', 'x'.repeat(300_000)]) {
    const response = await fetch(url, { method: 'POST', body: text })
    expect(await response.text()).toBe(`ended ${text} true`)
  }
})

test('a client that goes away in the middle of its body is told to the sink', async () => {
  const body = new Collector()
  const url = new URL(await serve((message) => void message.deliverTo(body)))
  const socket = connect(Number(url.port), url.hostname)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
  await expect.poll(() => body.text).toBe('half')
  socket.destroy()
  expect(await body.whenEnded).toBe('gone')
})

test('it is a Readable for those who read it as one, and for those who ask too late', async () => {
  const url = await serve((message, response) => {
    const answer = async (): Promise<void> => {
      let text = ''
      for await (const chunk of message) text += String(chunk)
      response.end(`${text} ${String(message.readableEnded)}`)
    }
    // By then the parser has put the body into the Readable.
    setImmediate(() => {
      if (message.url === '/late') expect(message.deliverTo(new Collector())).toBe(false)
      void answer()
    })
  })
  for (const path of ['/early', '/late']) {
    const response = await fetch(url + path, { method: 'POST', body: 'all of it' })
    expect(await response.text()).toBe('all of it true')
  }
})

test('a body that nobody reads does not hold its connection up', async () => {
  const url = await serve((_message, response) => response.end('no thanks'))
  for (let i = 0; i < 3; i++) {
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) })
    expect(await response.text()).toBe('no thanks')
  }
})
