import { BINDINGS } from './support/running-server.js'
import { FUZZ_BODY_LIMIT, FUZZ_RUNS, FuzzWorld, checkError } from './support/fuzz-world.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'
import fc from 'fast-check'

const PUT_NEW = 'PUT /v1/stream/new HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n'
const VALID = [
  formatRequest('GET', '/v1/stream/x'),
  formatRequest('PUT', '/v1/stream/new', { 'Content-Type': 'text/plain' }, 'content'),
  formatRequest('POST', '/v1/stream/none', { 'Content-Type': 'text/plain' }, 'content'),
  formatRequest('GET', '/v1/stream/x?offset=now&live=sse'),
  `${PUT_NEW}Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n`,
]

describe.each(BINDINGS)('bytes, %s binding', (binding) => {
  let world: FuzzWorld
  beforeAll(async () => {
    world = await FuzzWorld.start(binding)
  })
  afterAll(() => world.end())

  test('random bytes do no harm', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        await world.exchange(bytes)
      }),
      { numRuns: FUZZ_RUNS },
    )
  })

  test('valid requests that are cut, damaged, repeated or run into each other do no harm', async () => {
    const damage = fc.record({
      requests: fc.array(fc.constantFrom(...VALID), { minLength: 1, maxLength: 3 }),
      at: fc.nat(400),
      erased: fc.nat(40),
      inserted: fc.uint8Array({ maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ requests, at, erased, inserted }) => {
        const whole = Buffer.from(requests.join(''), 'latin1')
        const damaged = Buffer.concat([whole.subarray(0, at), inserted, whole.subarray(at + erased)])
        // Damage may turn one valid request into another that names a canary.
        fc.pre(!/(?:PUT|POST|DELETE) \/v1\/stream\/[xb][ ?]/.test(damaged.toString('latin1')))
        await world.exchange(damaged, { isPipelined: true })
      }),
      { numRuns: FUZZ_RUNS * 2 },
    )
  })

  test('a JSON body is stored whole or refused whole', async () => {
    const text = fc.oneof(
      fc.json(),
      fc.json().map((json) => json.slice(0, -1)),
      fc.json().map((json) => `${json},${json}`),
      fc.constantFrom(
        '[',
        '[1,',
        '{"a":1,}',
        '[1 2]',
        'nul',
        '01',
        '+1',
        '.5',
        '1.',
        '"\\x"',
        '"\\ud800"',
        "'a'",
      ),
      fc.constantFrom(
        'NaN',
        '[[[[',
        '\ufeff1',
        '"\n"',
        '"\u0000"',
        '[]',
        '[[]]',
        '{}',
        '""',
        ' ',
        '1e999',
        '-',
      ),
      fc.constant('['.repeat(2_000)),
    )
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        const body = Buffer.from(json)
        fc.pre(body.length < FUZZ_BODY_LIMIT && body.length > 0)
        const head = `${PUT_NEW}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n`
        const { responses, created } = await world.exchange(Buffer.concat([Buffer.from(head), body]))
        expect(responses).toHaveLength(1)
        expect(responses[0]!.status).toBe(isJson(json) ? 201 : 400)
        expect(created).toEqual(isJson(json) ? ['new'] : [])
      }),
      { numRuns: FUZZ_RUNS },
    )
  })

  test('bytes that are not UTF-8 are no JSON', async () => {
    const body = Buffer.from([0x22, 0xff, 0xc0, 0x80, 0x22])
    const head = Buffer.from(`${PUT_NEW}Content-Length: ${body.length}\r\n\r\n`)
    const { responses, created } = await world.exchange(Buffer.concat([head, body]))
    expect(responses.map(checkError)).toEqual(['INVALID_JSON'])
    expect(created).toEqual([])
  })

  test.each([
    ['both kinds of length', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n\r\n[1]'],
    ['a list of lengths', 'Content-Length: 3, 3\r\n\r\n[1]'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a hexadecimal length', 'Content-Length: 0x3\r\n\r\n[1]'],
    ['a length beyond all numbers', `Content-Length: ${'9'.repeat(40)}\r\n\r\n`],
    ['an unknown coding', 'Transfer-Encoding: gzip\r\n\r\n[1]'],
    ['a coding after chunked', 'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['a chunk size that is no number', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n[1]\r\n0\r\n\r\n'],
    ['a chunk that is too long', 'Transfer-Encoding: chunked\r\n\r\n2\r\n[1]\r\n0\r\n\r\n'],
    ['a chunk size beyond all numbers', `Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\n[1]`],
  ])('%s is refused and creates nothing', async (_what, rest) => {
    const { responses, created } = await world.exchange(PUT_NEW + rest)
    expect(responses.map(checkError)).toEqual(['BAD_REQUEST'])
    expect(created).toEqual([])
  })
})

/** Whether text is JSON to the standard, and not the one thing that is stored as nothing. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''))
    return true
  } catch {
    return false
  }
}
