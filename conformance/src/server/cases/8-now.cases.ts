import { check, equal } from '../assertions.js'
import { longPollFromNow } from '../long-poll-from-now.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

const EMPTY_BODIES = [
  { type: TEXT, body: '' },
  { type: BINARY, body: '' },
  { type: JSON_TYPE, body: '[]' },
] as const

export const nowCases: readonly ServerCase[] = defineCases('8', [
  {
    id: '8/now-catch-up',
    level: 'MUST',
    title: 'offset=now answers 200 with an empty body, the tail and Up-To-Date, whatever the stream holds',
    async run(ctx) {
      for (const { type, body } of EMPTY_BODIES) {
        for (const content of [undefined, '[1,2]']) {
          const stream = await ctx.create(type, content === undefined ? {} : { body: content })
          const read = await stream.get({ offset: 'now' })
          read.expectStatus(200).expectBody(body).expectMediaType(type).expectHeader(H.upToDate, 'true')
          read.expectHeader(H.nextOffset, await stream.tail()).expectNoHeader(H.closed)
        }
      }
    },
  },
  {
    id: '8/now-is-followed-from-its-offset',
    level: 'MUST',
    title: 'reading on from the offset of an offset=now answer gives exactly what was appended since',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      const { nextOffset } = await stream.get({ offset: 'now' })
      await stream.append('2')
      equal((await stream.readAll(nextOffset)).messages, [2], 'the messages since')
    },
  },
  {
    id: '8/now-is-not-cached',
    level: 'SHOULD',
    title: 'the answer to offset=now is no-store',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ offset: 'now' })).expectStatus(200).expectHeader(H.cacheControl, 'no-store')
      await stream.close()
      ;(await stream.get({ offset: 'now' })).expectStatus(200).expectHeader(H.cacheControl, 'no-store')
    },
  },
  {
    id: '8/now-long-poll-waits',
    level: 'MUST',
    slow: true,
    title: 'a long-poll from now waits, and times out with 204, the tail and Up-To-Date',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const polled = await stream.longPoll('now')
      polled
        .expectStatus(204)
        .expectBody('')
        .expectHeader(H.nextOffset, await stream.tail())
      polled.expectHeader(H.upToDate, 'true').expectHeader(H.cursor, /^\d+$/).expectNoHeader(H.closed)
      check(
        polled.elapsedMs > 0.5 * ctx.longPollTimeoutMs,
        'the server waits before it answers',
        polled.describe(),
      )
    },
  },
  {
    id: '8/now-long-poll-gets-new-data',
    level: 'MUST',
    slow: true,
    title: 'a long-poll from now is woken by an append and gets that and nothing older',
    async run(ctx) {
      for (const [type, body] of [
        [TEXT, 'new'],
        [JSON_TYPE, '[2]'],
      ] as const) {
        const { answer, tail } = await longPollFromNow(
          ctx,
          () => ctx.create(type, { body: '[1]' }),
          (stream) => stream.append(body),
        )
        answer
          .expectStatus(200)
          .expectBody(body)
          .expectHeader(H.nextOffset, tail)
          .expectHeader(H.upToDate, 'true')
        answer.expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '8/now-sse-starts-at-the-tail',
    level: 'MUST',
    title: 'SSE from now begins with a control event at the tail, up to date, and delivers only new data',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE]) {
        const stream = await ctx.create(type, { body: '["old"]' })
        const tail = await stream.tail()
        const events = await stream.sse('now')
        await events.untilUpToDate()
        equal(events.events[0]?.type, 'control', 'the first event')
        equal(events.controls[0]?.streamNextOffset, tail, 'streamNextOffset of the first event')
        equal(events.controls[0]?.upToDate, true, 'upToDate of the first event')
        const next = await stream.append('["new"]')
        await events.untilControl((fields) => fields.streamNextOffset === next)
        equal(events.text, '["new"]', 'the data')
      }
    },
  },
  {
    id: '8/now-on-a-closed-stream-catch-up',
    level: 'MUST',
    title:
      'offset=now on a closed stream answers 200, empty, with Stream-Closed, Up-To-Date and the final offset',
    async run(ctx) {
      for (const { type, body } of EMPTY_BODIES) {
        const stream = await ctx.create(type, { body: '[1]' })
        const { nextOffset } = await stream.close()
        const read = await stream.get({ offset: 'now' })
        read.expectStatus(200).expectBody(body).expectHeader(H.closed, 'true')
        read.expectHeader(H.upToDate, 'true').expectHeader(H.nextOffset, nextOffset)
      }
    },
  },
  {
    id: '8/now-on-a-closed-stream-long-poll',
    level: 'MUST',
    title: 'a long-poll from now on a closed stream answers 204 at once with Stream-Closed and Up-To-Date',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      const { nextOffset } = await stream.close()
      const polled = await stream.longPoll('now')
      polled.expectStatus(204).expectBody('').expectHeader(H.closed, 'true').expectHeader(H.upToDate, 'true')
      polled.expectHeader(H.nextOffset, nextOffset).expectWithin(0.8 * ctx.longPollTimeoutMs)
    },
  },
  {
    id: '8/now-on-a-closed-stream-sse',
    level: 'MUST',
    title:
      'SSE from now on a closed stream is one control event with streamClosed and upToDate, then the end',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const { nextOffset } = await stream.close()
      const events = await stream.sse('now')
      await events.untilEnd()
      equal(
        events.events.map((event) => event.type),
        ['control'],
        'the events',
      )
      equal(events.controls[0]?.streamClosed, true, 'streamClosed')
      equal(events.controls[0]?.upToDate, true, 'upToDate')
      equal(events.controls[0]?.streamNextOffset, nextOffset, 'streamNextOffset')
    },
  },
  {
    id: '8/now-on-a-fork',
    level: 'MUST',
    title: 'offset=now on a fork is the tail of the fork, not of its source',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      const tail = await fork.append('fork')
      await source.append('much more data in the source')
      ;(await fork.get({ offset: 'now' })).expectStatus(200).expectBody('').expectHeader(H.nextOffset, tail)
    },
  },
])
