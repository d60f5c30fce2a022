import type { AddressInfo } from 'node:net'
import type { RequestListener, Server } from 'node:http'
import type { WebhookAnswer, WebhookPolicy } from '../subscriptions/webhook-transport.js'
import type { ResolveHost } from './webhook-sender.js'
import { createServer } from 'node:http'
import { createWebhookSender } from './webhook-sender.js'
import { expect, onTestFinished, test } from 'vitest'

const DEVELOPMENT: WebhookPolicy = { development: true }

async function listen(listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server }
}

interface Sent {
  readonly policy?: WebhookPolicy
  readonly resolve?: ResolveHost
  readonly timeoutMs?: number
  readonly onAbort?: (run: () => void) => void
}

function send(
  url: string,
  { policy = DEVELOPMENT, resolve, timeoutMs = 2_000, onAbort }: Sent = {},
): Promise<WebhookAnswer> {
  return createWebhookSender(policy, resolve).post({
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
    timeoutMs,
    onAbort: onAbort ?? (() => undefined),
  })
}

const at =
  (...addresses: string[]): ResolveHost =>
  (_host, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

test('an answer comes back with its status and body', async () => {
  const { port } = await listen((_request, response) => response.writeHead(202).end('{"done":true}'))
  const answer = await send(`http://127.0.0.1:${port}/`)
  expect(answer).toMatchObject({ kind: 'answered', status: 202 })
  expect(answer.kind === 'answered' && Buffer.from(answer.body).toString()).toBe('{"done":true}')
})

test('a name that leads to a private address is never connected to', async () => {
  let requests = 0
  const { port } = await listen((_request, response) => {
    requests++
    response.end()
  })
  for (const addresses of [
    ['127.0.0.1'],
    ['93.184.216.34', '127.0.0.1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    [],
  ]) {
    const answer = await send(`https://rebound.example:${port}/`, { policy: {}, resolve: at(...addresses) })
    expect(answer).toMatchObject({ kind: 'failed' })
  }
  expect(requests).toBe(0)
})

test('a name that changes between the check and the connection changes nothing', async () => {
  let requests = 0
  const { port } = await listen((_request, response) => {
    requests++
    response.end()
  })
  let lookups = 0
  const resolve: ResolveHost = (_host, done) => at(lookups++ === 0 ? '192.0.2.1' : '127.0.0.1')('', done)
  const policy = { allowedNetworks: ['192.0.2.0/24'] }
  for (let i = 0; i < 2; i++) {
    const answer = await send(`https://rebound.example:${port}/`, { policy, resolve, timeoutMs: 100 })
    expect(answer).toMatchObject({ kind: 'failed' })
  }
  expect(lookups).toBe(2)
  expect(requests).toBe(0)
})

test('localhost is connected to by the address that was checked', async () => {
  const { port } = await listen((_request, response) => response.end())
  expect(await send(`http://localhost:${port}/`, { resolve: at('127.0.0.1') })).toMatchObject({
    kind: 'answered',
  })
  expect(await send(`http://localhost:${port}/`, { resolve: at('10.0.0.1') })).toMatchObject({
    kind: 'failed',
  })
})

test('redirects are not followed', async () => {
  const paths: string[] = []
  const { port } = await listen((request, response) => {
    paths.push(request.url!)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  expect(await send(`http://127.0.0.1:${port}/hook`)).toMatchObject({ kind: 'answered', status: 307 })
  expect(paths).toEqual(['/hook'])
})

test('a receiver that is silent, slow, endless or abrupt fails in time', async () => {
  const timer: NodeJS.Timeout[] = []
  onTestFinished(() => timer.forEach(clearInterval))
  const { port } = await listen((request, response) => {
    if (request.url === '/silent') return
    if (request.url === '/abrupt') {
      response.writeHead(200, { 'content-length': '10' }).write('x')
      response.destroy()
      return
    }
    response.writeHead(200)
    timer.push(setInterval(() => response.write(request.url === '/slow' ? ' ' : 'x'.repeat(10_000)), 5))
  })
  for (const path of ['silent', 'slow', 'endless', 'abrupt']) {
    const started = performance.now()
    expect(await send(`http://127.0.0.1:${port}/${path}`, { timeoutMs: 300 })).toMatchObject({
      kind: 'failed',
    })
    expect(performance.now() - started).toBeLessThan(5_000)
  }
  expect(await send('http://127.0.0.1:1/')).toMatchObject({ kind: 'failed' })
})

test('a stop breaks a post off', async () => {
  const { port } = await listen(() => undefined)
  const answer = await send(`http://127.0.0.1:${port}/`, { onAbort: (run) => void setTimeout(run, 20) })
  expect(answer).toEqual({ kind: 'failed', reason: 'the server is stopping' })
})
