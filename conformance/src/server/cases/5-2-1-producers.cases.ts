import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE } from '../wire-names.js'

export const producerCases: readonly ServerCase[] = defineCases('5.2.1', [
  {
    id: '5.2.1/first-append-answers-200',
    level: 'MUST',
    title: 'the first append of a producer answers 200 with its epoch, its sequence and the new tail',
    async run(ctx) {
      const stream = await ctx.create()
      const accepted = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      accepted.expectStatus(200).expectHeader(H.producerEpoch, '0').expectHeader(H.producerSeq, '0')
      accepted.expectHeader(H.nextOffset, await stream.tail()).expectNoHeader(H.closed)
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2.1/following-sequences-answer-200',
    level: 'MUST',
    title: 'each following sequence answers 200 and is stored',
    async run(ctx) {
      const stream = await ctx.create()
      for (let seq = 0; seq < 5; seq += 1) {
        const accepted = await stream.produce({ id: 'p', epoch: 0, seq }, String(seq))
        accepted.expectStatus(200).expectHeader(H.producerSeq, String(seq))
      }
      equal((await stream.readAll()).text, '01234', 'the content')
    },
  },
  {
    id: '5.2.1/duplicate-answers-204',
    level: 'MUST',
    title: 'a duplicate append answers 204 and leaves the tail where it was',
    async run(ctx) {
      const stream = await ctx.create()
      const first = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const duplicate = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      duplicate.expectStatus(204).expectHeader(H.producerEpoch, '0').expectHeader(H.producerSeq, '0')
      equal(await stream.tail(), first.nextOffset, 'the tail after the duplicate', duplicate.describe())
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2.1/duplicate-carries-the-tail',
    level: 'SHOULD',
    title: 'the answer to a duplicate carries the present tail, also when others have appended since',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const tail = await stream.append('b')
      const duplicate = await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      duplicate.expectStatus(204).expectHeader(H.nextOffset, tail)
    },
  },
  {
    id: '5.2.1/older-duplicate-names-the-highest-sequence',
    level: 'MUST',
    title: 'a duplicate of any earlier sequence answers 204 with the highest accepted one',
    async run(ctx) {
      const stream = await ctx.create()
      for (let seq = 0; seq < 4; seq += 1) await stream.produce({ id: 'p', epoch: 2, seq }, String(seq))
      for (const seq of [0, 2, 3]) {
        const duplicate = await stream.produce({ id: 'p', epoch: 2, seq }, 'again')
        duplicate.expectStatus(204).expectHeader(H.producerEpoch, '2').expectHeader(H.producerSeq, '3')
      }
      equal((await stream.readAll()).text, '0123', 'the content')
    },
  },
  {
    id: '5.2.1/duplicate-ignores-the-body',
    level: 'MUST',
    title: 'a duplicate is told by its tuple alone: another body answers 204 and is not stored',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'quite another body')).expectStatus(204)
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2.1/gap-answers-409',
    level: 'MUST',
    title: 'a sequence with a gap answers 409 with the expected and the received one, and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      const gap = await stream.produce({ id: 'p', epoch: 0, seq: 5 }, 'x')
      gap.expectStatus(409).expectHeader(H.producerExpectedSeq, '1').expectHeader(H.producerReceivedSeq, '5')
      gap.expectNoHeader(H.closed)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b')).expectStatus(200)
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2.1/unknown-producer-begins-at-zero',
    level: 'MUST',
    title: 'an unknown producer with a sequence above 0 answers 409 and expects 0',
    async run(ctx) {
      const stream = await ctx.create()
      const gap = await stream.produce({ id: 'p', epoch: 0, seq: 3 }, 'x')
      gap.expectStatus(409).expectHeader(H.producerExpectedSeq, '0').expectHeader(H.producerReceivedSeq, '3')
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')).expectStatus(200)
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2.1/unknown-producer-begins-at-any-epoch',
    level: 'MUST',
    title: 'an unknown producer may begin at any epoch',
    async run(ctx) {
      const stream = await ctx.create()
      const accepted = await stream.produce({ id: 'p', epoch: 7, seq: 0 }, 'a')
      accepted.expectStatus(200).expectHeader(H.producerEpoch, '7')
      ;(await stream.produce({ id: 'p', epoch: 6, seq: 0 }, 'x'))
        .expectStatus(403)
        .expectHeader(H.producerEpoch, '7')
    },
  },
  {
    id: '5.2.1/stale-epoch-answers-403',
    level: 'MUST',
    title: 'a stale epoch answers 403 with the current one, whatever its sequence, and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      ;(await stream.produce({ id: 'p', epoch: 3, seq: 0 }, 'b')).expectStatus(200)
      for (const seq of [0, 1, 9]) {
        const fenced = await stream.produce({ id: 'p', epoch: 0, seq }, 'x')
        fenced.expectStatus(403).expectHeader(H.producerEpoch, '3')
      }
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2.1/new-epoch-starts-over',
    level: 'MUST',
    title: 'a higher epoch with sequence 0 answers 200 and counts from there',
    async run(ctx) {
      const stream = await ctx.create()
      for (const seq of [0, 1, 2]) await stream.produce({ id: 'p', epoch: 0, seq }, String(seq))
      const begun = await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'a')
      begun.expectStatus(200).expectHeader(H.producerEpoch, '1').expectHeader(H.producerSeq, '0')
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'a'))
        .expectStatus(204)
        .expectHeader(H.producerSeq, '0')
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 1 }, 'b')).expectStatus(200)
      equal((await stream.readAll()).text, '012ab', 'the content')
    },
  },
  {
    id: '5.2.1/new-epoch-not-at-zero-answers-400',
    level: 'MUST',
    title: 'a higher epoch with another sequence than 0 answers 400 and changes nothing',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a')
      for (const seq of [1, 2]) (await stream.produce({ id: 'p', epoch: 1, seq }, 'x')).expectStatus(400)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b'))
        .expectStatus(200)
        .expectHeader(H.producerEpoch, '0')
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2.1/producers-are-independent',
    level: 'MUST',
    title: 'producers with other ids, also in other letter case, have state of their own',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const ids = ['p', 'P', 'p2', 'a producer/with?odd&signs=1', '__proto__', 'constructor', 'x'.repeat(200)]
      for (const id of ids)
        (await stream.produce({ id, epoch: 0, seq: 0 }, JSON.stringify(id))).expectStatus(200)
      for (const id of ids) (await stream.produce({ id, epoch: 0, seq: 0 }, '0')).expectStatus(204)
      for (const id of ids) (await stream.produce({ id, epoch: 0, seq: 2 }, '0')).expectStatus(409)
      equal((await stream.readAll()).messages, ids, 'the messages')
    },
  },
  {
    id: '5.2.1/state-belongs-to-one-stream',
    level: 'MUST',
    title: 'the state of a producer on one stream means nothing on another',
    async run(ctx) {
      const [one, other] = [await ctx.create(), await ctx.create()]
      await one.produce({ id: 'p', epoch: 4, seq: 0 }, 'a')
      ;(await other.produce({ id: 'p', epoch: 0, seq: 0 }, 'b')).expectStatus(200)
      ;(await one.produce({ id: 'p', epoch: 0, seq: 0 }, 'x')).expectStatus(403)
    },
  },
  {
    id: '5.2.1/failed-append-changes-no-state',
    level: 'MUST',
    title: 'a refused append leaves the producer where it was, so that the corrected one is accepted',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const first = { id: 'p', epoch: 0, seq: 0 }
      ;(await stream.produce(first, '{"cut":')).expectStatus(400)
      ;(await stream.produce(first, '[]')).expectStatus(400)
      ;(await stream.produce(first, 'a', { [H.contentType]: 'text/plain' })).expectStatus(409)
      ;(await stream.produce(first, '1', { [H.seq]: 'm' })).expectStatus(200)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, '2', { [H.seq]: 'a' })).expectStatus(409)
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 0 }, '2', { [H.seq]: 'a' })).expectStatus(409)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, '2', { [H.seq]: 'n' })).expectStatus(200)
      equal((await stream.readAll()).messages, [1, 2], 'the messages')
    },
  },
  {
    id: '5.2.1/duplicates-precede-stream-seq',
    level: 'MUST',
    title: 'a duplicate answers 204 although its Stream-Seq is no longer above the last one',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a', { [H.seq]: 'a' })
      await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b', { [H.seq]: 'b' })
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a', { [H.seq]: 'a' })).expectStatus(204)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 1 }, 'b', { [H.seq]: 'b' })).expectStatus(204)
      equal((await stream.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2.1/refused-sequence-consumes-no-stream-seq',
    level: 'MUST',
    title: 'a gap or a stale epoch does not use up the Stream-Seq that it carried',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'a', { [H.seq]: 'a' })
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 5 }, 'x', { [H.seq]: 'm' })).expectStatus(409)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'x', { [H.seq]: 'm' })).expectStatus(403)
      ;(await stream.produce({ id: 'p', epoch: 1, seq: 1 }, 'b', { [H.seq]: 'm' })).expectStatus(200)
    },
  },
])
