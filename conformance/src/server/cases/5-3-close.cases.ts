import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

export const closeCases: readonly ServerCase[] = defineCases('5.3', [
  {
    id: '5.3/close-answers-204',
    level: 'MUST',
    title: 'a POST with Stream-Closed and no body answers 204 with the unchanged tail',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE]) {
        const stream = await ctx.create(type, { body: '[1]' })
        const tail = await stream.tail()
        const closed = await stream.postBare({ headers: { [H.closed]: 'true' } })
        closed
          .expectStatus(204)
          .expectHeader(H.closed, 'true')
          .expectHeader(H.nextOffset, tail)
          .expectBody('')
        ;(await stream.head())
          .expectStatus(200)
          .expectHeader(H.closed, 'true')
          .expectHeader(H.nextOffset, tail)
      }
    },
  },
  {
    id: '5.3/close-of-an-empty-stream',
    level: 'MUST',
    title: 'a stream that never held anything can be closed',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      await stream.close()
      ;(await stream.get()).expectStatus(200).expectBody('[]').expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.3/missing-stream-answers-404',
    level: 'MUST',
    title: 'closing a stream that does not exist answers 404 and creates none',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.postBare({ headers: { [H.closed]: 'true' } })).expectStatus(404)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.3/racing-closes-all-succeed',
    level: 'MUST',
    title: 'closes sent at once all answer 204 with one final offset',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const answers = await Promise.all(Array.from({ length: 8 }, () => stream.close()))
      equal(new Set(answers.map((answer) => answer.nextOffset)).size, 1, 'the number of final offsets')
    },
  },
  {
    id: '5.3/close-wakes-long-polls',
    level: 'MUST',
    slow: true,
    title: 'a close wakes every waiting long-poll with 204 and Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.tail()
      const waiting = [stream.longPoll(tail), stream.longPoll(tail), stream.longPoll('now')]
      await ctx.sleep(150)
      await stream.close()
      for (const answer of await Promise.all(waiting)) {
        answer.expectStatus(204).expectHeader(H.closed, 'true').expectHeader(H.upToDate, 'true')
        answer.expectHeader(H.nextOffset, tail).expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '5.3/close-ends-sse',
    level: 'MUST',
    title:
      'a close reaches a waiting SSE reader as a control event, after which the server ends the response',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.tail()
      const events = await stream.sse(tail)
      await events.untilUpToDate()
      await stream.close()
      await events.untilEnd()
      const last = events.controls.at(-1)
      equal(last?.streamClosed, true, 'streamClosed of the last control event')
      equal(last?.streamNextOffset, tail, 'streamNextOffset of the last control event')
      check(events.dataEvents.length === 0, 'no data event follows the tail')
    },
  },
])
