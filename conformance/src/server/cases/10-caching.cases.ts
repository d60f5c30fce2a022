import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

const CACHEABLE = /^(?:public|private), max-age=60, stale-while-revalidate=300$/

export const cachingCases: readonly ServerCase[] = defineCases('10', [
  {
    id: '10/catch-up-reads-are-cacheable',
    level: 'SHOULD',
    title: 'catch-up reads carry Cache-Control with max-age=60 and stale-while-revalidate=300',
    async run(ctx) {
      const stream = await ctx.create()
      const middle = await stream.append('abc')
      await stream.append('def')
      for (const query of [{}, { offset: '-1' }, { offset: middle }]) {
        ;(await stream.get(query)).expectStatus(200).expectHeader(H.cacheControl, CACHEABLE)
      }
      await stream.close()
      ;(await stream.get()).expectStatus(200).expectHeader(H.cacheControl, CACHEABLE)
    },
  },
  {
    id: '10/etag-is-a-quoted-string',
    level: 'MUST',
    title: 'every catch-up read carries an ETag in quotes, the same for the same answer',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE]) {
        const stream = await ctx.create(type)
        const tail = await stream.append('[1]')
        for (const query of [{}, { offset: '-1' }, { offset: tail }]) {
          const etag = (await stream.get(query))
            .expectHeader(H.etag, /^(?:W\/)?"[^"]+"$/)
            .requireHeader(H.etag)
          ;(await stream.get(query)).expectHeader(H.etag, etag)
        }
      }
    },
  },
  {
    id: '10/long-poll-data-has-an-etag',
    level: 'MUST',
    title: 'a long-poll that returns data carries an ETag, which changes with the data and with the closure',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const etags = [await stream.longPoll('-1')]
      await stream.append('def')
      etags.push(await stream.longPoll('-1'))
      await stream.close()
      etags.push(await stream.longPoll('-1'))
      for (const polled of etags) polled.expectStatus(200).expectHeader(H.etag, /^(?:W\/)?"[^"]+"$/)
      equal(new Set(etags.map((polled) => polled.header(H.etag))).size, 3, 'the number of different ETags')
    },
  },
  {
    id: '10/now-has-no-etag',
    level: 'MUST',
    title: 'the answer to offset=now has no ETag, and no If-None-Match turns it into a 304',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const etag = (await stream.get({ offset: await stream.tail() })).requireHeader(H.etag)
      ;(await stream.get({ offset: 'now' })).expectStatus(200).expectNoHeader(H.etag)
      ;(await stream.get({ offset: 'now' }, { [H.ifNoneMatch]: etag })).expectStatus(200)
    },
  },
  {
    id: '10/matching-etag-answers-304',
    level: 'MUST',
    title: 'a matching If-None-Match answers 304 without a body and with the ETag',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      for (const query of [{}, { offset: '-1' }, { offset: await stream.tail() }]) {
        const etag = (await stream.get(query)).requireHeader(H.etag)
        const answer = await stream.get(query, { [H.ifNoneMatch]: etag })
        answer.expectStatus(304).expectBody('').expectHeader(H.etag, etag)
      }
    },
  },
  {
    id: '10/listed-etag-answers-304',
    level: 'MUST',
    title: 'If-None-Match matches within a list, weakly, and by a star',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const etag = (await stream.get()).requireHeader(H.etag)
      const opaque = etag.replace(/^W\//, '')
      const matching = [
        `"other", ${etag}`,
        `${etag},"other"`,
        `"a, b" , W/"x",${etag} , "y"`,
        `W/${opaque}`,
        `"other", W/${opaque}`,
        '*',
      ]
      for (const value of matching) (await stream.get({}, { [H.ifNoneMatch]: value })).expectStatus(304)
    },
  },
  {
    id: '10/other-etags-answer-200',
    level: 'MUST',
    title: 'If-None-Match with other tags, or with the tag only as a part, answers 200 with the data',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const opaque = (await stream.get()).requireHeader(H.etag).replace(/^W\//, '').slice(1, -1)
      for (const value of [
        '"other"',
        `"x${opaque}"`,
        `"${opaque}x"`,
        `"${opaque.slice(0, -1)}"`,
        '"*"',
        '""',
      ]) {
        ;(await stream.get({}, { [H.ifNoneMatch]: value })).expectStatus(200).expectBody('abc')
      }
    },
  },
  {
    id: '10/append-changes-the-etag',
    level: 'MUST',
    title: 'after an append the old ETag no longer matches, from the beginning and at the old tail',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.tail()
      const [whole, atTail] = [await stream.get(), await stream.get({ offset: tail })]
      await stream.append('def')
      const wholeAgain = await stream.get({}, { [H.ifNoneMatch]: whole.requireHeader(H.etag) })
      wholeAgain.expectStatus(200).expectBody('abcdef')
      const tailAgain = await stream.get({ offset: tail }, { [H.ifNoneMatch]: atTail.requireHeader(H.etag) })
      tailAgain.expectStatus(200).expectBody('def')
    },
  },
  {
    id: '10/close-changes-the-etag',
    level: 'MUST',
    title: 'after a close without data the old ETag no longer matches, and the closure shows',
    async run(ctx) {
      for (const body of ['abc', '']) {
        const stream = await ctx.create(TEXT, body === '' ? {} : { body })
        const tail = await stream.tail()
        const before = [await stream.get(), await stream.get({ offset: tail })]
        await stream.close()
        for (const [index, query] of [{}, { offset: tail }].entries()) {
          const headers = { [H.ifNoneMatch]: before[index]!.requireHeader(H.etag) }
          ;(await stream.get(query, headers)).expectStatus(200).expectHeader(H.closed, 'true')
        }
      }
    },
  },
  {
    id: '10/recreation-changes-the-etag',
    level: 'MUST',
    title: 'an ETag of a deleted stream does not match on the one created in its place',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const etag = (await stream.get()).requireHeader(H.etag)
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put({ body: 'xyz' })).expectStatus(201)
      ;(await stream.get({}, { [H.ifNoneMatch]: etag })).expectStatus(200).expectBody('xyz')
    },
  },
  {
    id: '10/etags-differ-between-ranges',
    level: 'SHOULD',
    title: 'reads from different offsets have different ETags',
    async run(ctx) {
      const stream = await ctx.create()
      const offsets = [await stream.append('a'), await stream.append('b'), await stream.append('c')]
      const reads = await Promise.all(['-1', ...offsets].map((offset) => stream.get({ offset })))
      equal(new Set(reads.map((read) => read.requireHeader(H.etag))).size, 4, 'the number of different ETags')
    },
  },
  {
    id: '10/etags-differ-between-streams',
    level: 'SHOULD',
    title: 'streams with the same content have different ETags, a fork and its source included',
    async run(ctx) {
      const [one, other] = [await ctx.create(TEXT, { body: 'abc' }), await ctx.create(TEXT, { body: 'abc' })]
      const fork = await one.fork()
      const etags = await Promise.all(
        [one, other, fork].map(async (each) => (await each.get()).requireHeader(H.etag)),
      )
      check(new Set(etags).size === 3, `the ETags are not all different: ${etags.join(' ')}`)
    },
  },
  {
    id: '10/deleted-stream-is-not-304',
    level: 'MUST',
    title: 'no If-None-Match hides that a stream is gone',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const etag = (await stream.get()).requireHeader(H.etag)
      ;(await stream.delete()).expectStatus(204)
      for (const value of [etag, '*']) (await stream.get({}, { [H.ifNoneMatch]: value })).expectStatus(404)
    },
  },
])
