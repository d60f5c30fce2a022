import { check, equal, isBefore } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const appendClosingCases: readonly ServerCase[] = defineCases('5.2', [
  {
    id: '5.2/append-and-close-is-one-step',
    level: 'MUST',
    title: 'an append with Stream-Closed stores the body, closes the stream and answers 204 with both',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const before = await stream.tail()
      const closed = await stream.appendAndClose('def')
      check(isBefore(before, closed.nextOffset), 'the tail moves on', closed.describe())
      const read = await stream.get()
      read
        .expectStatus(200)
        .expectBody('abcdef')
        .expectHeader(H.closed, 'true')
        .expectHeader(H.nextOffset, closed.nextOffset)
    },
  },
  {
    id: '5.2/repeated-append-and-close-answers-409',
    level: 'MUST',
    title: 'repeating an append that closed answers 409 with Stream-Closed and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      const { nextOffset } = await stream.appendAndClose('abc')
      const again = await stream.post('abc', { headers: { [H.closed]: 'true' } })
      again.expectStatus(409).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.2/closed-stream-refuses-appends',
    level: 'MUST',
    title: 'an append to a closed stream answers 409 with Stream-Closed and the final offset',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const { nextOffset } = await stream.close()
      const refused = await stream.post('def')
      refused.expectStatus(409).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.2/closure-precedes-other-conflicts',
    level: 'SHOULD',
    title: 'a closed stream answers 409 with Stream-Closed also where type or sequence conflict',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.append('abc', { [H.seq]: 'm' })
      const { nextOffset } = await stream.close()
      const conflicts = [
        { [H.contentType]: JSON_TYPE },
        { [H.seq]: 'a' },
        { [H.contentType]: JSON_TYPE, [H.seq]: 'm', [H.closed]: 'true' },
      ]
      for (const headers of conflicts) {
        const refused = await stream.post('x', { headers })
        refused.expectStatus(409).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, nextOffset)
      }
    },
  },
  {
    id: '5.2/refused-append-and-close-leaves-it-open',
    level: 'MUST',
    title: 'an append with Stream-Closed that is refused neither stores nor closes',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      await stream.append('2', { [H.seq]: 'm' })
      const close = { [H.closed]: 'true' }
      ;(await stream.post('{"cut":', { headers: close })).expectStatus(400)
      ;(await stream.post('3', { headers: { ...close, [H.contentType]: TEXT } })).expectStatus(409)
      ;(await stream.post('3', { headers: { ...close, [H.seq]: 'a' } })).expectStatus(409)
      ;(await stream.head()).expectNoHeader(H.closed)
      equal((await stream.readAll()).messages, [1, 2], 'the messages')
    },
  },
  {
    id: '5.2/close-only-ignores-the-content-type',
    level: 'MUST',
    title: 'a close without a body is not refused for its Content-Type',
    async run(ctx) {
      for (const type of [TEXT, BINARY, 'nonsense', 'application/json; charset=utf-16']) {
        const stream = await ctx.create(JSON_TYPE)
        const closed = await stream.postBare({ headers: { [H.closed]: 'true', [H.contentType]: type } })
        closed.expectStatus(204).expectHeader(H.closed, 'true')
      }
    },
  },
  {
    id: '5.2/chunked-empty-body-closes',
    level: 'MUST',
    title: 'a chunked body of no bytes with Stream-Closed closes without appending',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const tail = await stream.tail()
      const closed = await stream.post(new Blob([]).stream(), { headers: { [H.closed]: 'true' } })
      closed.expectStatus(204).expectHeader(H.closed, 'true').expectHeader(H.nextOffset, tail)
    },
  },
  {
    id: '5.2/stream-seq-must-rise',
    level: 'MUST',
    title: 'a Stream-Seq equal to or below the last one answers 409 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.append('a', { [H.seq]: 'b' })
      for (const seq of ['b', 'a', 'az', 'B']) {
        ;(await stream.post('x', { headers: { [H.seq]: seq } })).expectStatus(409).expectNoHeader(H.closed)
      }
      await stream.append('b', { [H.seq]: 'ba' })
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2/stream-seq-compares-bytes',
    level: 'MUST',
    title: 'Stream-Seq values compare byte by byte, not as numbers and not by any alphabet',
    async run(ctx) {
      const stream = await ctx.create()
      for (const [index, seq] of ['10', '2', '20', '9', 'A', 'Z', '_', 'a', 'a0', 'z', '~'].entries()) {
        await stream.append(String(index), { [H.seq]: seq })
      }
      const numeric = await ctx.create()
      await numeric.append('a', { [H.seq]: '9' })
      ;(await numeric.post('x', { headers: { [H.seq]: '10' } })).expectStatus(409)
    },
  },
  {
    id: '5.2/stream-seq-survives-appends-without-one',
    level: 'MUST',
    title: 'an append without Stream-Seq leaves the last sequence in force',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.append('a', { [H.seq]: 'm' })
      await stream.append('b')
      ;(await stream.post('x', { headers: { [H.seq]: 'm' } })).expectStatus(409)
      await stream.append('c', { [H.seq]: 'n' })
    },
  },
  {
    id: '5.2/failed-append-consumes-no-stream-seq',
    level: 'MUST',
    title: 'an append that is refused does not use up its Stream-Seq',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const headers = { [H.seq]: 'm' }
      ;(await stream.post('1', { headers: { ...headers, [H.contentType]: TEXT } })).expectStatus(409)
      ;(await stream.post('{"cut":', { headers })).expectStatus(400)
      ;(await stream.post('[]', { headers })).expectStatus(400)
      await stream.append('1', headers)
      equal((await stream.readAll()).messages, [1], 'the messages')
    },
  },
  {
    id: '5.2/racing-stream-seqs-let-one-in',
    level: 'MUST',
    title: 'of appends with one Stream-Seq sent at once, one is stored and the others answer 409',
    async run(ctx) {
      const stream = await ctx.create()
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => stream.post('a', { headers: { [H.seq]: 'm' } })),
      )
      for (const answer of answers) answer.expectStatus(204, 409)
      equal(answers.filter((answer) => answer.status === 204).length, 1, 'the number of accepted appends')
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
])
