import { check, equal } from '../assertions.js'
import { longPollFromNow, type WokenLongPoll } from '../long-poll-from-now.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

/** Long enough for a request to be waiting on the server. */
const SETTLE_MS = 150
const CURSOR = /^\d+$/

export const longPollCases: readonly ServerCase[] = defineCases('5.7', [
  {
    id: '5.7/missing-offset-answers-400',
    level: 'MUST',
    title: 'a long-poll without an offset answers 400',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ live: 'long-poll' })).expectStatus(400)
    },
  },
  {
    id: '5.7/missing-stream-answers-404',
    level: 'MUST',
    title: 'a long-poll on a stream that does not exist answers 404 at once',
    async run(ctx) {
      ;(await ctx.stream().longPoll('-1')).expectStatus(404).expectWithin(0.8 * ctx.longPollTimeoutMs)
    },
  },
  {
    id: '5.7/data-is-returned-at-once',
    level: 'MUST',
    title: 'a long-poll behind the tail answers 200 at once, like a catch-up read and with a cursor',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const middle = await stream.tail()
      const tail = await stream.append('def')
      for (const [offset, body] of [
        ['-1', 'abcdef'],
        [middle, 'def'],
      ] as const) {
        const polled = await stream.longPoll(offset)
        polled.expectStatus(200).expectBody(body).expectMediaType(TEXT).expectHeader(H.nextOffset, tail)
        polled.expectHeader(H.upToDate, 'true').expectHeader(H.cursor, CURSOR).expectNoHeader(H.closed)
        polled.expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '5.7/time-out-answers-204',
    level: 'MUST',
    slow: true,
    title: 'a long-poll that nothing reaches answers 204 with the tail, Up-To-Date and a cursor',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE]) {
        const stream = await ctx.create(type)
        const tail = await stream.append('[1]')
        const polled = await stream.longPoll(tail)
        polled.expectStatus(204).expectBody('').expectHeader(H.nextOffset, tail)
        polled.expectHeader(H.upToDate, 'true').expectHeader(H.cursor, CURSOR).expectNoHeader(H.closed)
        check(
          polled.elapsedMs > 0.5 * ctx.longPollTimeoutMs,
          'the server waits before it answers',
          polled.describe(),
        )
      }
    },
  },
  {
    id: '5.7/beginning-of-an-empty-stream-waits',
    level: 'MUST',
    slow: true,
    title: 'a long-poll from -1 waits while the stream is empty, and gets the first append',
    async run(ctx) {
      const stream = await ctx.create()
      const waiting = stream.longPoll('-1')
      await ctx.sleep(SETTLE_MS)
      const tail = await stream.append('first')
      ;(await waiting).expectStatus(200).expectBody('first').expectHeader(H.nextOffset, tail)
    },
  },
  {
    id: '5.7/append-wakes-every-waiter',
    level: 'MUST',
    slow: true,
    title: 'an append wakes every waiting long-poll with 200 and the new data',
    async run(ctx) {
      for (const [type, body] of [
        [TEXT, 'abc'],
        [JSON_TYPE, '[{"a":1}]'],
        [BINARY, '\u0000\u0001'],
      ] as const) {
        const stream = await ctx.create(type)
        const start = await stream.tail()
        const waiting = Array.from({ length: 5 }, () => stream.longPoll(start))
        await ctx.sleep(SETTLE_MS)
        const tail = await stream.append(body)
        for (const answer of await Promise.all(waiting)) {
          answer.expectStatus(200).expectBody(body).expectMediaType(type).expectHeader(H.nextOffset, tail)
          answer.expectHeader(H.upToDate, 'true').expectHeader(H.cursor, CURSOR)
          answer.expectWithin(0.8 * ctx.longPollTimeoutMs)
        }
      }
    },
  },
  {
    id: '5.7/producer-append-wakes-waiters',
    level: 'MUST',
    slow: true,
    title: 'an append of an idempotent producer wakes a waiting long-poll, its duplicate does not',
    async run(ctx) {
      const stream = await ctx.create()
      const waiting = stream.longPoll(await stream.tail())
      await ctx.sleep(SETTLE_MS)
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'abc')
      const answer = await waiting
      answer
        .expectStatus(200)
        .expectBody('abc')
        .expectWithin(0.8 * ctx.longPollTimeoutMs)
      const idle = stream.longPoll(answer.nextOffset)
      await ctx.sleep(SETTLE_MS)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'abc')).expectStatus(204)
      ;(await idle).expectStatus(204).expectHeader(H.nextOffset, answer.nextOffset)
    },
  },
  {
    id: '5.7/refused-append-does-not-wake',
    level: 'MUST',
    slow: true,
    title: 'an append that is refused reaches no waiting long-poll',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const waiting = stream.longPoll(await stream.tail())
      await ctx.sleep(SETTLE_MS)
      ;(await stream.post('{"cut":')).expectStatus(400)
      ;(await stream.post('[]')).expectStatus(400)
      ;(await stream.post('x', { headers: { [H.contentType]: TEXT } })).expectStatus(409)
      ;(await waiting).expectStatus(204)
    },
  },
  {
    id: '5.7/append-and-close-reaches-waiters',
    level: 'MUST',
    slow: true,
    title: 'an append that closes wakes a waiting long-poll with the body and Stream-Closed',
    async run(ctx) {
      const fromTail = async (): Promise<WokenLongPoll> => {
        const stream = await ctx.create()
        const waiting = stream.longPoll(await stream.tail())
        await ctx.sleep(SETTLE_MS)
        const tail = await appendLast(stream)
        return { answer: await waiting, tail }
      }
      const appendLast = async (stream: TestStream): Promise<string> =>
        (await stream.appendAndClose('last')).nextOffset
      for (const wake of [fromTail, () => longPollFromNow(ctx, () => ctx.create(), appendLast)]) {
        const { answer, tail } = await wake()
        answer.expectStatus(200).expectBody('last').expectHeader(H.nextOffset, tail)
        answer
          .expectHeader(H.closed, 'true')
          .expectHeader(H.upToDate, 'true')
          .expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '5.7/closed-tail-answers-at-once',
    level: 'MUST',
    title: 'a long-poll at the end of a closed stream answers 204 at once with Stream-Closed and Up-To-Date',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      const { nextOffset } = await stream.close()
      const polled = await stream.longPoll(nextOffset)
      polled.expectStatus(204).expectBody('').expectHeader(H.closed, 'true').expectHeader(H.upToDate, 'true')
      polled.expectHeader(H.nextOffset, nextOffset).expectWithin(0.8 * ctx.longPollTimeoutMs)
    },
  },
  {
    id: '5.7/closed-empty-stream-answers-at-once',
    level: 'MUST',
    title: 'a long-poll from -1 on an empty closed stream answers 204 at once with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.closed]: 'true' } })
      const polled = await stream.longPoll('-1')
      polled.expectStatus(204).expectHeader(H.closed, 'true').expectHeader(H.upToDate, 'true')
      polled.expectHeader(H.nextOffset, await stream.tail()).expectWithin(0.8 * ctx.longPollTimeoutMs)
    },
  },
  {
    id: '5.7/rest-of-a-closed-stream',
    level: 'MUST',
    title: 'a long-poll behind the end of a closed stream returns the rest with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      await stream.close()
      const polled = await stream.longPoll('-1')
      polled
        .expectStatus(200)
        .expectBody('abc')
        .expectHeader(H.closed, 'true')
        .expectHeader(H.upToDate, 'true')
    },
  },
  {
    id: '5.7/following-loses-nothing',
    level: 'MUST',
    slow: true,
    title: 'a reader that follows by long-poll gets every append once and in order, up to the closure',
    async run(ctx) {
      const stream = await ctx.create()
      const writer = (async (): Promise<void> => {
        for (let index = 0; index < 25; index += 1) {
          await stream.append(`${index};`)
          if (index % 5 === 0) await ctx.sleep(20)
        }
        await stream.appendAndClose('end')
      })()
      let [offset, cursor, text] = ['-1', '', '']
      for (let polls = 0; polls < 60; polls += 1) {
        const polled = await stream.longPoll(offset, cursor === '' ? {} : { cursor })
        text += polled.expectStatus(200, 204).text
        if (polled.header(H.closed) === 'true') break
        offset = polled.nextOffset
        cursor = polled.requireHeader(H.cursor)
      }
      await writer
      equal(
        text,
        `${Array.from({ length: 25 }, (_, index) => `${index};`).join('')}end`,
        'what the reader saw',
      )
    },
  },
  {
    id: '5.7/abandoned-waiters-do-no-harm',
    level: 'MUST',
    slow: true,
    title: 'waiters that hang up leave the stream working for others',
    async run(ctx) {
      const stream = await ctx.create()
      const abort = new AbortController()
      const target = `${stream.path}?offset=${await stream.tail()}&live=long-poll`
      const abandoned = Array.from({ length: 10 }, () =>
        ctx.fetch(target, { signal: abort.signal }).catch(() => null),
      )
      const kept = stream.longPoll(await stream.tail())
      await ctx.sleep(SETTLE_MS)
      abort.abort()
      await Promise.all(abandoned)
      await stream.append('abc')
      ;(await kept).expectStatus(200).expectBody('abc')
    },
  },
])
