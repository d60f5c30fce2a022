import { BINDINGS } from './support/running-server.js'
import { FUZZ_RUNS, FuzzWorld, checkError } from './support/fuzz-world.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'
import fc from 'fast-check'

const NAMES = [
  'Content-Type', 'Stream-TTL', 'Stream-Expires-At', 'Stream-Seq', 'Stream-Closed', 'Stream-Forked-From',
  'Stream-Fork-Offset', 'Stream-Fork-Sub-Offset', 'Producer-Id', 'Producer-Epoch', 'Producer-Seq', 'If-None-Match',
  'Accept-Encoding', 'Accept', 'Origin', 'Range', 'Authorization', 'Cookie', 'Upgrade', 'Expect', 'TE', 'Trailer',
  'Host', 'Transfer-Encoding', 'Content-Length', 'Connection', 'X-Forwarded-Host', 'X-HTTP-Method-Override', '__proto__',
] // prettier-ignore
const VALUES = [
  '', ' ', '0', '1', '-1', '00', '1e3', '0x10', '9007199254740991', '9007199254740992', '99999999999999999999', 'true',
  'TRUE', 'false', 'now', '/v1/stream/none', '/v1/stream/../x', 'http://localhost/v1/stream/x', '*', '"x"', 'W/"x"', 'text/plain',
  'application/json', 'text/plain; charset="', 'a/b, c/d', '/', 'gzip', 'br;q=1, *;q=0', 'gzip;q=zz', 'chunked', 'close',
  '100-continue', 'websocket', '2999-01-01T00:00:00Z', '1999-01-01T00:00:00Z', '2999-13-45T99:99:99Z', '\xff\xfe', '\xc3\xa9',
  '\t', 'a\tb', 'NaN', 'constructor', '__proto__', '0000000000000000_0000000000000000', '9999999999999999_9999999999999999',
  'v'.repeat(300), 'localhost:99999999', 'user@host', 'a b', '[::1]', '\x00', 'a\rb', 'a\nb: c',
] // prettier-ignore

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) }),
  },
)
const line = fc.tuple(fc.constantFrom(...NAMES), value).map(([name, text]) => `${name}: ${text}\r\n`)
const lines = fc.array(line, { maxLength: 6 }).map((all) => all.join(''))

describe.each(BINDINGS)('headers, %s binding', (binding) => {
  let world: FuzzWorld
  beforeAll(async () => {
    world = await FuzzWorld.start(binding)
  })
  afterAll(() => world.end())

  test('whatever the headers, the answer is well-formed and nothing refused leaves a trace', async () => {
    const method = fc.constantFrom('PUT', 'POST', 'GET', 'HEAD', 'DELETE')
    const body = fc.constantFrom('', 'text', '[1,2]', '{"a":', '\xff')
    await fc.assert(
      fc.asyncProperty(
        method,
        lines,
        body,
        fc.constantFrom('/v1/stream/new', '/v1/stream/n/e'),
        async (...parts) => {
          const [verb, headers, content, path] = parts
          const length = content === '' ? '' : `Content-Length: ${content.length}\r\n`
          await world.exchange(`${verb} ${path} HTTP/1.1\r\nHost: h\r\n${headers}${length}\r\n${content}`)
        },
      ),
      { numRuns: FUZZ_RUNS * 2 },
    )
  })

  test('whatever the query, a read is answered', async () => {
    const name = fc.constantFrom('offset', 'live', 'cursor', 'x', '', '%6fffset', 'OFFSET')
    const text = fc.constantFrom(
      '', '-1', 'now', '0', ' ', '%00', '..', ',', '%2C', '/', '%ff', '%', '+', 'sse', 'long-poll', 'SSE', '1e9', '-0',
      '0000000000000000_0000000000000000', '0000000000000001_0000000000000000', '9'.repeat(40), 'z'.repeat(9_000), '\xe9', '"',
    ) // prettier-ignore
    const query = fc.array(fc.tuple(name, text), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('&', ';', '&&', '?'), async (pairs, joint) => {
        const search = pairs.map(([key, val]) => `${key}=${val}`).join(joint)
        const { created } = await world.exchange(formatRequest('GET', `/v1/stream/x?${search}`))
        expect(created).toEqual([])
      }),
      { numRuns: FUZZ_RUNS },
    )
  })

  test.each([
    ['no Host', 'GET /v1/stream/x HTTP/1.1\r\n\r\n', 'INVALID_HOST'],
    ['an empty Host', 'GET /v1/stream/x HTTP/1.1\r\nHost: \r\n\r\n', 'INVALID_HOST'],
    ['two Hosts', 'GET /v1/stream/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'INVALID_HOST'],
    ['a Host with a space', 'GET /v1/stream/x HTTP/1.1\r\nHost: a b\r\n\r\n', 'INVALID_HOST'],
    ['a Host with user information', 'PUT /v1/stream/n HTTP/1.1\r\nHost: u@h\r\n\r\n', 'INVALID_HOST'],
    ['a Host with a path', 'PUT /v1/stream/n HTTP/1.1\r\nHost: h/x?\r\n\r\n', 'INVALID_HOST'],
    ['a Host with high bytes', 'PUT /v1/stream/n HTTP/1.1\r\nHost: h\xe9\r\n\r\n', 'INVALID_HOST'],
    [
      'two Content-Types',
      'PUT /v1/stream/n HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\n',
      'INVALID_CONTENT_TYPE',
    ],
    [
      'two values of Producer-Seq',
      'POST /v1/stream/x HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nProducer-Id: p\r\nProducer-Epoch: 0\r\n' +
        'Producer-Seq: 0\r\nProducer-Seq: 0\r\nContent-Length: 1\r\n\r\na',
      'INVALID_PRODUCER',
    ],
    [
      'two values of Stream-TTL',
      'PUT /v1/stream/n HTTP/1.1\r\nHost: h\r\nStream-TTL: 5\r\nStream-TTL: 6\r\n\r\n',
      'INVALID_TTL',
    ],
    ['a name with a space', 'GET /v1/stream/x HTTP/1.1\r\nHost: h\r\nA b: c\r\n\r\n', 'BAD_REQUEST'],
    ['a space before the colon', 'GET /v1/stream/x HTTP/1.1\r\nHost : h\r\n\r\n', 'BAD_REQUEST'],
    ['a folded line', 'GET /v1/stream/x HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n', 'BAD_REQUEST'],
    ['a bare CR in a value', 'GET /v1/stream/x HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n', 'BAD_REQUEST'],
    ['a NUL in a value', 'GET /v1/stream/x HTTP/1.1\r\nHost: h\r\nA: b\x00\r\n\r\n', 'BAD_REQUEST'],
    [
      'huge headers',
      `GET /v1/stream/x HTTP/1.1\r\nHost: h\r\nA: ${'b'.repeat(20_000)}\r\n\r\n`,
      'HEADERS_TOO_LARGE',
    ],
    [
      'many headers',
      `GET /v1/stream/x HTTP/1.1\r\nHost: h\r\n${'Name: value\r\n'.repeat(2_500)}\r\n`,
      'HEADERS_TOO_LARGE',
    ],
  ])('%s is refused with a code', async (_what, bytes, code) => {
    const { responses, created } = await world.exchange(bytes)
    expect(responses.map(checkError)).toEqual([code])
    expect(created).toEqual([])
  })
})
