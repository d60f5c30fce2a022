import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, TEXT } from '../wire-names.js'

const CLOSE = { [H.closed]: 'true' }

export const producerClosingCases: readonly ServerCase[] = defineCases('5.2.1', [
  {
    id: '5.2.1/last-append-closes-with-200',
    level: 'MUST',
    title: 'a producer append with Stream-Closed answers 200, stores the body and closes',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const closed = await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b', CLOSE)
      closed.expectStatus(200).expectHeader(H.closed, 'true')
      closed.expectHeader(H.producerEpoch, '0').expectHeader(H.producerSeq, '1')
      ;(await stream.get())
        .expectBody('ab')
        .expectHeader(H.closed, 'true')
        .expectHeader(H.nextOffset, closed.nextOffset)
    },
  },
  {
    id: '5.2.1/repeating-the-closing-append-answers-204',
    level: 'MUST',
    title: 'the tuple that closed the stream answers 204 with Stream-Closed whenever it is repeated',
    async run(ctx) {
      const stream = await ctx.create()
      const producer = { id: 'p', epoch: 0, seq: 0 }
      const { nextOffset } = await stream.produce(producer, 'a', CLOSE)
      for (const headers of [CLOSE, CLOSE, {}]) {
        const again = await stream.produce(producer, 'a', headers)
        again.expectStatus(204).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
      }
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2.1/close-only-answers-204',
    level: 'MUST',
    title: 'a producer closes without a body with 204 and the unchanged tail',
    async run(ctx) {
      const stream = await ctx.create()
      const { nextOffset } = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const closed = await stream.produceClose({ id: 'p', epoch: 0, seq: 1 })
      closed.expectStatus(204).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
      ;(await stream.get()).expectBody('a').expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.2.1/repeating-the-close-only-answers-204',
    level: 'SHOULD',
    title: 'a repeated producer close answers 204 with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      const producer = { id: 'p', epoch: 0, seq: 0 }
      ;(await stream.produceClose(producer)).expectStatus(204)
      ;(await stream.produceClose(producer)).expectStatus(204).expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.2.1/closed-stream-refuses-new-sequences',
    level: 'MUST',
    title: 'after a close, the next sequence, a new epoch and another producer answer 409 with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'a')
      const { nextOffset } = await stream.produce({ id: 'p', epoch: 1, seq: 1 }, 'b', CLOSE)
      const tuples = [
        { id: 'p', epoch: 1, seq: 2 },
        { id: 'p', epoch: 1, seq: 9 },
        { id: 'p', epoch: 2, seq: 0 },
        { id: 'q', epoch: 0, seq: 0 },
        { id: 'q', epoch: 1, seq: 1 },
      ]
      for (const tuple of tuples) {
        for (const headers of [{}, CLOSE]) {
          const refused = await stream.produce(tuple, 'x', headers)
          refused.expectStatus(409).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
        }
      }
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2.1/older-duplicate-after-close-answers-409',
    level: 'MUST',
    title: 'after a close, a duplicate of an append before the closing one answers 409 with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b', CLOSE)
      const refused = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      refused.expectStatus(409).expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.2.1/duplicate-after-another-closed-answers-409',
    level: 'MUST',
    title: 'after someone else closed the stream, duplicates answer 409 with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      await stream.close()
      const refused = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      refused.expectStatus(409).expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.2.1/close-only-with-a-gap-answers-409',
    level: 'MUST',
    title: 'a producer close with a gap answers 409 with the expected sequence and leaves the stream open',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const gap = await stream.produceClose({ id: 'p', epoch: 0, seq: 4 })
      gap.expectStatus(409).expectHeader(H.producerExpectedSeq, '1').expectHeader(H.producerReceivedSeq, '4')
      gap.expectNoHeader(H.closed)
      ;(await stream.head()).expectNoHeader(H.closed)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b')).expectStatus(200)
    },
  },
  {
    id: '5.2.1/close-only-with-a-stale-epoch-answers-403',
    level: 'MUST',
    title: 'a producer close with a stale epoch answers 403 with the current one and leaves the stream open',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 2, seq: 0 }, 'a')
      const fenced = await stream.produceClose({ id: 'p', epoch: 1, seq: 0 })
      fenced.expectStatus(403).expectHeader(H.producerEpoch, '2').expectNoHeader(H.closed)
      ;(await stream.head()).expectNoHeader(H.closed)
    },
  },
  {
    id: '5.2.1/close-only-with-a-wrong-new-epoch-answers-400',
    level: 'MUST',
    title:
      'a producer close with a higher epoch and a sequence above 0 answers 400 and leaves the stream open',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      ;(await stream.produceClose({ id: 'p', epoch: 1, seq: 1 })).expectStatus(400)
      ;(await stream.head()).expectNoHeader(H.closed)
      ;(await stream.produceClose({ id: 'p', epoch: 1, seq: 0 }))
        .expectStatus(204)
        .expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.2.1/refused-closing-append-leaves-it-open',
    level: 'MUST',
    title: 'a closing append with a gap or a stale epoch neither stores nor closes',
    async run(ctx) {
      const stream = await ctx.create(TEXT)
      await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'a')
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 3 }, 'x', CLOSE))
        .expectStatus(409)
        .expectNoHeader(H.closed)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'x', CLOSE))
        .expectStatus(403)
        .expectNoHeader(H.closed)
      ;(await stream.get()).expectBody('a').expectNoHeader(H.closed)
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 1 }, 'b', CLOSE)).expectStatus(200)
    },
  },
  {
    id: '5.2.1/racing-closing-appends-store-one-copy',
    level: 'MUST',
    title:
      'of one closing tuple sent many times at once, one answers 200 and the others 204, all with Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'once', CLOSE)),
      )
      for (const answer of answers) answer.expectStatus(200, 204).expectHeader(H.closed, 'true')
      equal(answers.filter((answer) => answer.status === 200).length, 1, 'the number of 200 answers')
      equal((await stream.readAll()).text, 'once', 'the content')
    },
  },
])
