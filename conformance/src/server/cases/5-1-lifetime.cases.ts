import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, TEXT } from '../wire-names.js'

export const lifetimeCases: readonly ServerCase[] = defineCases('5.1', [
  {
    id: '5.1/ttl-is-a-plain-integer',
    level: 'MUST',
    title:
      'a TTL with signs, leading zeros, points, exponents or other characters answers 400 and creates nothing',
    async run(ctx) {
      const invalid = [
        '+3600',
        '03600',
        '3600.0',
        '3.6e3',
        '-1',
        'abc',
        '0x10',
        '36 00',
        '3600s',
        '1,000',
        'Infinity',
      ]
      for (const ttl of invalid) {
        const stream = ctx.stream()
        ;(await stream.put({ headers: { [H.ttl]: ttl } })).expectStatus(400)
        ;(await stream.head()).expectStatus(404)
      }
    },
  },
  {
    id: '5.1/valid-ttl-is-reported',
    level: 'MUST',
    title: 'a plain integer TTL is accepted and reported by HEAD',
    async run(ctx) {
      for (const ttl of ['1', '60', '3600', '31536000', '315360000']) {
        const stream = await ctx.create(TEXT, { headers: { [H.ttl]: ttl } })
        ;(await stream.head()).expectStatus(200).expectHeader(H.ttl, ttl).expectNoHeader(H.expiresAt)
      }
    },
  },
  {
    id: '5.1/extreme-ttl-is-no-server-error',
    level: 'MUST',
    title: 'a TTL of 0 or beyond any clock gets a defined answer',
    async run(ctx) {
      for (const ttl of ['0', '9007199254740993', '9'.repeat(40)]) {
        const stream = ctx.stream()
        ;(await stream.put({ headers: { [H.ttl]: ttl } })).expectStatus(201, 400)
      }
    },
  },
  {
    id: '5.1/ttl-of-zero-answers-400',
    level: 'MAY',
    title: 'a TTL of 0, which no stream could live by, answers 400',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.put({ headers: { [H.ttl]: '0' } })).expectStatus(400)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.1/ttl-with-expiry-answers-400',
    level: 'SHOULD',
    title: 'a PUT with both a TTL and an expiry answers 400 and creates nothing',
    async run(ctx) {
      const stream = ctx.stream()
      const headers = { [H.ttl]: '60', [H.expiresAt]: '2090-01-01T00:00:00Z' }
      ;(await stream.put({ headers })).expectStatus(400)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.1/invalid-expiry-answers-400',
    level: 'MUST',
    title: 'an expiry that is no RFC 3339 timestamp answers 400 and creates nothing',
    async run(ctx) {
      const invalid = [
        'tomorrow',
        '4102444800',
        '2090-01-01',
        '2090-01-01T00:00:00',
        '2090-13-01T00:00:00Z',
        '2090-02-30T00:00:00Z',
        '2090-01-01T24:00:01Z',
        '2090-01-01T00:00Z',
        'Sun, 01 Jan 2090 00:00:00 GMT',
        '2090-01-01T00:00:00+0100',
        '2090-01-01T00:00:00+25:00',
      ]
      for (const expiresAt of invalid) {
        const stream = ctx.stream()
        ;(await stream.put({ headers: { [H.expiresAt]: expiresAt } })).expectStatus(400)
        ;(await stream.head()).expectStatus(404)
      }
    },
  },
  {
    id: '5.1/valid-expiry-is-reported',
    level: 'MUST',
    title: 'an RFC 3339 expiry is accepted with zone and fraction, and HEAD reports the same instant',
    async run(ctx) {
      const valid = [
        '2090-01-01T00:00:00Z',
        '2090-01-01T00:00:00+00:00',
        '2090-01-01T02:30:00+02:30',
        '2089-12-31T19:00:00.500-05:00',
        '2090-01-01T00:00:00.123456Z',
        '2096-02-29T12:00:00Z',
      ]
      for (const expiresAt of valid) {
        const stream = await ctx.create(TEXT, { headers: { [H.expiresAt]: expiresAt } })
        const head = await stream.head()
        const reported = Date.parse(head.expectStatus(200).expectNoHeader(H.ttl).requireHeader(H.expiresAt))
        equal(reported, Date.parse(expiresAt), 'the reported instant', head.describe())
      }
    },
  },
  {
    id: '5.1/past-expiry-is-no-server-error',
    level: 'MUST',
    title: 'an expiry in the past gets a defined answer and leaves no readable stream',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.put({ headers: { [H.expiresAt]: '2001-01-01T00:00:00Z' } })).expectStatus(201, 400)
      ;(await stream.get()).expectStatus(404)
    },
  },
  {
    id: '5.1/past-expiry-answers-400',
    level: 'MAY',
    title: 'an expiry in the past answers 400',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.put({ headers: { [H.expiresAt]: '2001-01-01T00:00:00Z' } })).expectStatus(400)
    },
  },
  {
    id: '5.1/expiry-compares-as-an-instant',
    level: 'MAY',
    title: 'a repeated PUT that spells the same expiry otherwise answers 200',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.expiresAt]: '2090-01-01T00:00:00Z' } })
      ;(await stream.put({ headers: { [H.expiresAt]: '2090-01-01T01:00:00+01:00' } })).expectStatus(200)
    },
  },
  {
    id: '5.1/absolute-expiry-ends-the-stream',
    level: 'MUST',
    slow: true,
    title: 'a stream is gone once its expiry has passed, however much it was used',
    async run(ctx) {
      const deadline = Date.now() + 1800
      const headers = { [H.expiresAt]: new Date(deadline).toISOString() }
      const stream = await ctx.create(TEXT, { body: 'abc', headers })
      while (Date.now() < deadline - 600) {
        ;(await stream.get()).expectStatus(200)
        await stream.append('x')
        await ctx.sleep(200)
      }
      await ctx.sleep(deadline - Date.now())
      await ctx.eventually(async () => (await stream.get()).expectStatus(404), 1500)
      ;(await stream.head()).expectStatus(404)
      ;(await stream.post('x')).expectStatus(404)
    },
  },
  {
    id: '5.1/idle-ttl-ends-the-stream',
    level: 'MUST',
    slow: true,
    title: 'an idle stream is gone to every method within a second of its TTL',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '1' } })
      await ctx.sleep(2100)
      const answers = [
        await stream.head(),
        await stream.get(),
        await stream.longPoll('-1'),
        await stream.get({ offset: '-1', live: 'sse' }),
        await stream.post('x'),
        await stream.postBare({ headers: { [H.closed]: 'true' } }),
        await stream.delete(),
        await stream.forkInto(ctx.stream(TEXT, 'fork')),
      ]
      for (const answer of answers) answer.expectStatus(404)
    },
  },
  {
    id: '5.1/expired-path-is-fresh',
    level: 'MUST',
    slow: true,
    title: 'a PUT on the path of an expired stream answers 201 and finds nothing of the old one',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.ttl]: '1' } })
      ;(await stream.produce({ id: 'p', epoch: 3, seq: 0 }, 'old', { [H.seq]: 'z' })).expectStatus(200)
      await ctx.sleep(2100)
      ;(await stream.put({ headers: { [H.ttl]: '600' } })).expectStatus(201)
      ;(await stream.get()).expectStatus(200).expectBody('')
      const producer = { id: 'p', epoch: 0, seq: 0 }
      ;(await stream.produce(producer, 'new', { [H.seq]: 'a' })).expectStatus(200)
      equal((await stream.readAll()).text, 'new', 'the content')
    },
  },
  {
    id: '5.1/head-does-not-renew-the-ttl',
    level: 'MUST',
    slow: true,
    title: 'HEAD requests do not keep a stream alive, and report the window, not the rest of it',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.ttl]: '2' } })
      const madeAt = Date.now()
      while (Date.now() < madeAt + 1200) {
        ;(await stream.head()).expectStatus(200).expectHeader(H.ttl, '2')
        await ctx.sleep(300)
      }
      await ctx.eventually(async () => (await stream.head()).expectStatus(404), 2600)
      check(Date.now() < madeAt + 4200, 'the stream is gone soon after its TTL')
    },
  },
])
