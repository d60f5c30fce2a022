import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const metadataCases: readonly ServerCase[] = defineCases('5.5', [
  {
    id: '5.5/head-describes-the-stream',
    level: 'MUST',
    title: 'HEAD answers 200 with the content type and the tail, and no body',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE, BINARY, 'application/vnd.api+json; profile="x"']) {
        const stream = await ctx.create(type)
        const tail = await stream.append('[1]')
        const head = await stream.head()
        head
          .expectStatus(200)
          .expectHeader(H.contentType, type)
          .expectHeader(H.nextOffset, tail)
          .expectBody('')
      }
    },
  },
  {
    id: '5.5/head-follows-the-tail',
    level: 'MUST',
    title: 'HEAD reports the new tail after every append',
    async run(ctx) {
      const stream = await ctx.create()
      for (const body of ['a', 'bc', 'def'])
        equal(await stream.append(body), await stream.tail(), 'the tail by HEAD')
    },
  },
  {
    id: '5.5/head-without-lifetime-or-closure',
    level: 'MUST',
    title: 'HEAD of an open stream without expiry carries neither lifetime nor closure',
    async run(ctx) {
      const stream = await ctx.create()
      const head = await stream.head()
      head.expectStatus(200).expectNoHeader(H.ttl).expectNoHeader(H.expiresAt).expectNoHeader(H.closed)
    },
  },
  {
    id: '5.5/head-reports-the-window',
    level: 'MUST',
    title: 'Stream-TTL of HEAD is the whole window, also after use',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.ttl]: '3600' } })
      await stream.append('a')
      await stream.get()
      ;(await stream.head()).expectStatus(200).expectHeader(H.ttl, '3600')
    },
  },
  {
    id: '5.5/head-reports-the-expiry',
    level: 'MUST',
    title: 'Stream-Expires-At of HEAD is an RFC 3339 timestamp of the instant that was asked for',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.expiresAt]: '2091-02-03T04:05:06Z' } })
      const head = await stream.head()
      head.expectHeader(H.expiresAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i)
      equal(
        Date.parse(head.requireHeader(H.expiresAt)),
        Date.UTC(2091, 1, 3, 4, 5, 6),
        'the instant',
        head.describe(),
      )
    },
  },
  {
    id: '5.5/head-shows-the-closure',
    level: 'MUST',
    title: 'HEAD of a closed stream carries Stream-Closed and the final offset',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const { nextOffset } = await stream.close()
      ;(await stream.head())
        .expectStatus(200)
        .expectHeader(H.closed, 'true')
        .expectHeader(H.nextOffset, nextOffset)
    },
  },
  {
    id: '5.5/missing-stream-answers-404',
    level: 'MUST',
    title: 'HEAD of a stream that does not exist answers 404 without a body',
    async run(ctx) {
      ;(await ctx.stream().head()).expectStatus(404).expectBody('')
    },
  },
  {
    id: '5.5/head-is-not-stored',
    level: 'SHOULD',
    title: 'HEAD answers with Cache-Control: no-store',
    async run(ctx) {
      const stream = await ctx.create()
      ;(await stream.head()).expectHeader(H.cacheControl, 'no-store')
      await stream.close()
      ;(await stream.head()).expectHeader(H.cacheControl, 'no-store')
    },
  },
  {
    id: '5.5/head-has-no-body-on-the-wire',
    level: 'MUST',
    needs: ['socket'],
    title: 'not a byte of a body follows the response to HEAD, whether the stream exists or not',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      for (const [path, status] of [
        [stream.path, 200],
        [ctx.newPath(), 404],
      ] as const) {
        const target = { method: 'HEAD', target: path, headers: {} }
        const payload = `HEAD ${path} HTTP/1.1\r\nHost: ${ctx.baseUrl.host}\r\nConnection: close\r\n\r\n`
        // Any byte of a body would be taken for the beginning of a second response.
        const answers = await ctx.raw(target, { payload })
        equal(
          answers.map((answer) => answer.status),
          [status],
          'the responses on the connection',
        )
      }
    },
  },
])
