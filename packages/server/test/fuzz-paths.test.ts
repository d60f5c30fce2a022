import { BINDINGS } from './support/running-server.js'
import { CANARIES, FUZZ_RUNS, FuzzWorld } from './support/fuzz-world.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'
import fc from 'fast-check'

const PIECES = [
  'x', 'b', 'a', 'A', 'host', 'stream', 'v1', '', '.', '..', '...', '%2e', '%2E%2e', '.%2e', '%2e%2e%2f',
  '%2F', '%2f', '\\', '%5c', '%00', '%0d%0a', '\x7f', '%7f', '%ff', '%c0%af', '%C3%A9', '\xc3\xa9', '\xe9', '%zz', '%',
  '%u0041', '%25', '%252e%252e', '%252f', ';', 'x;y', 'x,y', '~', '#', 'x#x', '{', '|', '"', '<', '`', '^', '[x]',
  '%20', '+', 'a%20b', 'a+b', '%61', '%78', '%E2%80%AE', '%EF%BC%8F', '\xef\xbc\x8f', '%ED%A0%80', '__ds', '%5f_ds',
  '-1', 'now', ':', '@', 'http:', 'p'.repeat(1_100), 'q'.repeat(9_000),
] // prettier-ignore
const STARTS = [
  '/v1/stream/', '/v1/stream/', '/v1/stream/', '/v1/stream', '/v1//stream/', '/V1/stream/', '/v1/%73tream/', '//v1/stream/',
  '//host/v1/stream/', '/./v1/stream/', '/x/../v1/stream/', '/v1/stream/../stream/', '/v1\\stream/', '/', '', '*',
  'http://localhost/v1/stream/', 'HTTP://LOCALHOST/v1/stream/', 'http://user@host/v1/stream/', 'https://host:1/v1/stream/',
  'http:///v1/stream/', 'http:/v1/stream/', 'ftp://host/v1/stream/', 'localhost:80', 'http://%zz/v1/stream/', 'http://host',
] // prettier-ignore
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'CONNECT']
const QUERIES = [
  '',
  '',
  '?',
  '?offset=-1',
  '?offset=now&live=long-poll',
  '?x=/../x',
  '?\xff',
  '?a#b',
  '#x',
  '?%',
]

const target = fc
  .tuple(
    fc.constantFrom(...STARTS),
    fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('/', '/', '/', '//', ''),
    fc.constantFrom(...QUERIES),
  )
  .map(([start, pieces, joint, query]) => start + pieces.join(joint) + query)

/** Whether a target is a right spelling of a canary's path, so that a write may well reach it. */
function namesCanary(text: string): boolean {
  const path = /^(?:https?:\/\/[^/?#\\]*)?\/v1\/stream\/([^?]*)/i.exec(text)?.[1]
  if (path === undefined) return false
  try {
    return CANARIES.includes(decodeURIComponent(path)) && !/%2f/i.test(path)
  } catch {
    return false
  }
}

describe.each(BINDINGS)('paths, %s binding', (binding) => {
  let world: FuzzWorld
  beforeAll(async () => {
    world = await FuzzWorld.start(binding)
  })
  afterAll(() => world.end())

  test('whatever the target, the answer is well-formed and no other stream is touched', async () => {
    const request = fc.tuple(fc.constantFrom(...METHODS), target, fc.constantFrom('', 'payload'))
    await fc.assert(
      fc.asyncProperty(request, async ([method, path, body]) => {
        fc.pre(method === 'GET' || method === 'HEAD' || !namesCanary(path))
        const headers = { 'Content-Type': 'text/plain', Connection: 'close' }
        await world.exchange(formatRequest(method, path, headers, body))
      }),
      { numRuns: FUZZ_RUNS * 3 },
    )
  })

  test('whatever the source of a fork, no other stream is touched', async () => {
    await fc.assert(
      fc.asyncProperty(target, fc.constantFrom('', '-1', 'now', '..', '0'), async (source, offset) => {
        fc.pre(!namesCanary(source))
        const headers = {
          'Stream-Forked-From': source,
          ...(offset === '' ? {} : { 'Stream-Fork-Offset': offset }),
        }
        const { created } = await world.exchange(formatRequest('PUT', '/v1/stream/fork', headers))
        expect(created).toEqual([])
      }),
      { numRuns: FUZZ_RUNS },
    )
  })

  test.each([
    '/v1/stream/a/%2e%2e/x',
    '/v1/stream/a/../x',
    '/v1/stream/./x',
    '/v1/stream//x',
    '//host/v1/stream/x',
    '/v1/stream/a%2fb',
    '/v1/stream/a\\b',
    '/v1/stream/x%00',
    '/v1/stream/%ff',
    '/v1/stream/x/',
    '/v1/stream/\xc3\xa9',
    'http://localhost/v1/stream/a/%2e%2e/x',
    'http://localhost/v1/stream/a/../x',
    'http://localhost\\v1/stream/x',
    'http://localhost//v1/stream/x',
    'ftp://localhost/v1/stream/x',
    '*',
  ])('%s is refused for every method', async (path) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      const headers = { 'Content-Type': 'text/plain', Connection: 'close' }
      const body = method === 'PUT' || method === 'POST' ? 'y' : ''
      const { responses } = await world.exchange(formatRequest(method, path, headers, body))
      expect(responses.map(({ status }) => status)).toEqual([expect.toSatisfy((s) => s === 400 || s === 404)])
    }
  })

  test.each(['/v1/stream/a%2Fb', '/v1/stream/%61%2f%62', '/v1/stream/%C3'])(
    '%s names no stream',
    async (path) => {
      const { responses } = await world.exchange(formatRequest('GET', path, { Connection: 'close' }))
      expect(responses[0]?.status).toBe(400)
    },
  )

  test.each([
    ['/v1/stream/%61/b', 'canary a/b'],
    ['/v1/stream/%C3%A9', 'canary é'],
    ['/v1/stream/%c3%a9', 'canary é'],
    ['/v1/stream/a%20b', 'canary a b'],
    ['http://elsewhere:81/v1/stream/a/x', 'canary a/x'],
    ['HTTPS://elsewhere/v1/stream/host/x?offset=-1', 'canary host/x'],
  ])('%s is another spelling of the same stream', async (path, content) => {
    const { responses } = await world.exchange(formatRequest('GET', path, { Connection: 'close' }))
    expect(responses[0]?.status).toBe(200)
    expect(responses[0]?.body.toString()).toBe(content)
  })
})
