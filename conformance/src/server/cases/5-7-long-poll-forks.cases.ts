import { check } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, TEXT } from '../wire-names.js'

/** Long enough for a request to be waiting on the server. */
const SETTLE_MS = 150

export const longPollForkCases: readonly ServerCase[] = defineCases('5.7', [
  {
    id: '5.7/inherited-data-of-a-fork-is-returned-at-once',
    level: 'MUST',
    title: 'a long-poll inside the inherited part of a fork answers at once',
    async run(ctx) {
      const source = await ctx.create()
      const middle = await source.append('abc')
      await source.append('def')
      const fork = await source.fork()
      for (const [offset, body] of [
        ['-1', 'abcdef'],
        [middle, 'def'],
      ] as const) {
        const polled = await fork.longPoll(offset)
        polled
          .expectStatus(200)
          .expectBody(body)
          .expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '5.7/source-appends-do-not-wake-a-fork',
    level: 'MUST',
    slow: true,
    title: 'appends and the closure of the source do not reach a long-poll at the tail of its fork',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      const tail = await fork.tail()
      const waiting = fork.longPoll(tail)
      await ctx.sleep(SETTLE_MS)
      await source.append('source')
      await source.appendAndClose('closing')
      const answer = await waiting
      answer.expectStatus(204).expectHeader(H.nextOffset, tail).expectNoHeader(H.closed)
      check(
        answer.elapsedMs > 0.5 * ctx.longPollTimeoutMs,
        'the long-poll waits for its time-out',
        answer.describe(),
      )
    },
  },
  {
    id: '5.7/fork-appends-wake-the-fork',
    level: 'MUST',
    slow: true,
    title: 'an append to a fork wakes the long-poll at its tail and none of its source',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      const tail = await fork.tail()
      const [onFork, onSource] = [fork.longPoll(tail), source.longPoll(tail)]
      await ctx.sleep(SETTLE_MS)
      await fork.append('fork')
      ;(await onFork)
        .expectStatus(200)
        .expectBody('fork')
        .expectWithin(0.8 * ctx.longPollTimeoutMs)
      ;(await onSource).expectStatus(204).expectHeader(H.nextOffset, tail)
    },
  },
])
