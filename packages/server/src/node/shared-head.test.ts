import type { AddressInfo, Socket } from 'node:net'
import type { Server, ServerResponse } from 'node:http'
import { SharedHead } from './shared-head.js'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { connect } from 'node:net'
import { createServer } from 'node:http'
import { once } from 'node:events'

const KEPT = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n'
const CLOSED = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'
const HEAD = 'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n'
const OLD = 'POST / HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n'

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** Servers that gather the responses to be given. */
let responses: ServerResponse[] = []
beforeEach(() => void (responses = []))

async function listen(
  options: { keepAliveTimeout?: number; maxRequestsPerSocket?: number } = {},
): Promise<number> {
  const server = createServer(options, (_message, response) => void responses.push(response))
  server.maxRequestsPerSocket = options.maxRequestsPerSocket ?? 0
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends a request on a connection of its own; resolves to what comes back, once the server has the request. */
async function ask(port: number, request: string): Promise<() => Promise<string>> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const before = responses.length
  socket.write(request)
  await vi.waitUntil(() => responses.length > before)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  return async () => {
    await vi.waitUntil(() => text.endsWith('\r\n\r\n'))
    return text.replace(/\r\nDate: [^\r]+/i, '\r\nDate: now')
  }
}

/** What node:http itself writes for an answer, and what it writes at the end of some that were written together. */
async function compare(
  asked: readonly (readonly [port: number, request: string])[],
  statusOf: (index: number) => number = () => 204,
): Promise<{ alone: string[]; together: string[] }> {
  const headersOf = (index: number): string[] => {
    const headers = ['stream-next-offset', `offset ${index}`, 'x-other', 'same']
    return statusOf(index) === 200 && asked[index]![1] !== HEAD
      ? [...headers, 'content-length', '0']
      : headers
  }
  const collect = async (write: (index: number, response: ServerResponse) => void): Promise<string[]> => {
    responses = []
    const answers: (() => Promise<string>)[] = []
    for (const [port, request] of asked) answers.push(await ask(port, request))
    for (const [index, response] of responses.entries()) {
      write(index, response)
      response.end()
    }
    return Promise.all(answers.map((answer) => answer()))
  }
  const head = new SharedHead()
  return {
    alone: await collect((i, response) => response.writeHead(statusOf(i), headersOf(i))),
    together: await collect((i, response) => head.write(statusOf(i), headersOf(i), response)),
  }
}

it('answers of a moment have the heads that each would have alone, and only the first costs one', async () => {
  const port = await listen()
  const { alone, together } = await compare(
    [KEPT, KEPT, KEPT, KEPT].map((request) => [port, request] as const),
  )
  expect(together).toEqual(alone)
  expect(together[3]).toMatch(
    /^HTTP\/1\.1 204 No Content\r\nstream-next-offset: offset 3\r\nx-other: same\r\n/,
  )

  responses = []
  for (let i = 0; i < 3; i++) await ask(port, KEPT)
  const head = new SharedHead()
  const written = responses.map((response) => {
    const writeHead = vi.spyOn(response, 'writeHead')
    head.write(204, ['a', 'b'], response)
    return writeHead.mock.calls.length
  })
  expect(written).toEqual([1, 0, 0])
})

it.each([
  ['first', [CLOSED, KEPT, KEPT]],
  ['later', [KEPT, CLOSED, KEPT]],
  ['of an older version first', [OLD, KEPT, KEPT]],
  ['of an older version later', [KEPT, OLD, KEPT]],
])(
  'a client that differs, %s, does not change the heads of the others, nor get theirs',
  async (_how, requests) => {
    const port = await listen()
    const { alone, together } = await compare(requests.map((request) => [port, request] as const))
    expect(together).toEqual(alone)
  },
)

it('answers with another status get a head of their own', async () => {
  const port = await listen()
  const asked = [KEPT, KEPT, KEPT].map((request) => [port, request] as const)
  const { alone, together } = await compare(asked, (i) => [204, 304, 204][i]!)
  expect(together).toEqual(alone)
})

it.each([[[KEPT, KEPT, HEAD]], [[HEAD, KEPT, KEPT]]])(
  'an empty body can be one that has a length',
  async (requests) => {
    const port = await listen()
    const asked = requests.map((request) => [port, request] as const)
    const { alone, together } = await compare(asked, () => 200)
    expect(together).toEqual(alone)
    expect(together[1]).toContain('\r\ncontent-length: 0\r\n')
  },
)

it('servers that keep connections for different times do not share heads', async () => {
  const [one, other] = [await listen({ keepAliveTimeout: 5_000 }), await listen({ keepAliveTimeout: 9_000 })]
  const { alone, together } = await compare([
    [one, KEPT],
    [other, KEPT],
    [one, KEPT],
  ])
  expect(together).toEqual(alone)
  expect(together[1]).toContain('timeout=9')
})

it('headers that were set before are kept', async () => {
  const port = await listen()
  responses = []
  const answers = [await ask(port, KEPT), await ask(port, KEPT)]
  responses[1]!.setHeader('x-before', '1')
  const head = new SharedHead()
  for (const response of responses) {
    head.write(204, ['a', 'b'], response)
    response.end()
  }
  expect(await answers[0]!()).not.toContain('x-before')
  expect(await answers[1]!()).toContain('x-before: 1')
})

it('a server that counts the requests of a connection has every head made for itself', async () => {
  const port = await listen({ maxRequestsPerSocket: 2 })
  const { alone, together } = await compare([
    [port, KEPT],
    [port, KEPT],
  ])
  expect(together).toEqual(alone)
  const head = new SharedHead()
  responses = []
  for (let i = 0; i < 2; i++) await ask(port, KEPT)
  for (const response of responses) {
    const writeHead = vi.spyOn(response, 'writeHead')
    head.write(204, ['a', 'b'], response)
    expect(writeHead).toHaveBeenCalledOnce()
  }
})
