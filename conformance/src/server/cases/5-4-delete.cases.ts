import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { TestStream } from '../test-stream.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

export const deleteCases: readonly ServerCase[] = defineCases('5.4', [
  {
    id: '5.4/delete-answers-204',
    level: 'MUST',
    title: 'a DELETE answers 204, and then every method answers 404',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.tail()
      ;(await stream.delete()).expectStatus(204).expectBody('')
      const answers = [
        await stream.head(),
        await stream.get(),
        await stream.get({ offset: tail }),
        await stream.get({ offset: 'now' }),
        await stream.longPoll('-1'),
        await stream.get({ offset: '-1', live: 'sse' }),
        await stream.post('x'),
        await stream.postBare({ headers: { [H.closed]: 'true' } }),
        await stream.delete(),
      ]
      for (const answer of answers) answer.expectStatus(404)
    },
  },
  {
    id: '5.4/missing-stream-answers-404',
    level: 'MUST',
    title: 'deleting a stream that never existed answers 404',
    async run(ctx) {
      ;(await ctx.stream().delete()).expectStatus(404)
    },
  },
  {
    id: '5.4/closed-stream-can-be-deleted',
    level: 'MUST',
    title: 'a closed stream is deleted like an open one',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc', headers: { [H.closed]: 'true' } })
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.4/delete-takes-one-stream',
    level: 'MUST',
    title: 'a DELETE leaves the streams above, below and beside it alone',
    async run(ctx) {
      const parent = ctx.newPath()
      const [stream, ...others] = ['/ab', '/ab/below', '/abc', '/a', '', '/AB'].map(
        (suffix) => new TestStream(ctx, `${parent}${suffix}`, TEXT),
      ) as [TestStream, ...TestStream[]]
      for (const one of [stream, ...others]) (await one.put({ body: one.path })).expectStatus(201)
      ;(await stream.delete()).expectStatus(204)
      for (const other of others)
        equal((await other.readAll()).text, other.path, 'the content of a neighbour')
    },
  },
  {
    id: '5.4/recreated-stream-knows-nothing',
    level: 'MUST',
    title: 'a stream created again has no data, closure, producers or sequences of the deleted one',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      ;(await stream.produce({ id: 'p', epoch: 5, seq: 0 }, '1', { [H.seq]: 'z' })).expectStatus(200)
      await stream.close()
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put()).expectStatus(201)
      ;(await stream.get()).expectStatus(200).expectBody('[]').expectNoHeader(H.closed)
      ;(await stream.produce({ id: 'p', epoch: 5, seq: 1 }, '2')).expectStatus(409)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, '3', { [H.seq]: 'a' })).expectStatus(200)
      equal((await stream.readAll()).messages, [3], 'the messages')
    },
  },
  {
    id: '5.4/racing-deletes-let-one-succeed',
    level: 'MUST',
    title: 'of DELETEs sent at once one answers 204 and the others 404',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const answers = await Promise.all(Array.from({ length: 8 }, () => stream.delete()))
      for (const answer of answers) answer.expectStatus(204, 404)
      equal(answers.filter((answer) => answer.status === 204).length, 1, 'the number of 204 answers')
    },
  },
  {
    id: '5.4/delete-racing-appends-leaves-a-usable-path',
    level: 'MUST',
    title: 'appends that race a DELETE are answered 204 or 404, and the path works afterwards',
    async run(ctx) {
      const stream = await ctx.create()
      const appends = Array.from({ length: 20 }, async (_, index) => {
        if (index === 10) (await stream.delete()).expectStatus(204)
        return stream.post('x')
      })
      for (const answer of await Promise.all(appends)) answer.expectStatus(204, 404)
      ;(await stream.head()).expectStatus(404)
      ;(await stream.put()).expectStatus(201)
      await stream.append('fresh')
      equal((await stream.readAll()).text, 'fresh', 'the content')
    },
  },
  {
    id: '5.4/delete-wakes-long-polls',
    level: 'SHOULD',
    slow: true,
    title: 'a DELETE wakes every waiting long-poll with 404',
    async run(ctx) {
      const stream = await ctx.create()
      const tail = await stream.tail()
      const waiting = [stream.longPoll(tail), stream.longPoll(tail), stream.longPoll('now')]
      await ctx.sleep(150)
      ;(await stream.delete()).expectStatus(204)
      for (const answer of await Promise.all(waiting)) {
        answer.expectStatus(404, 410).expectWithin(0.8 * ctx.longPollTimeoutMs)
      }
    },
  },
  {
    id: '5.4/delete-ends-sse',
    level: 'SHOULD',
    title: 'a DELETE ends the response of a waiting SSE reader, without claiming a closure',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      ;(await stream.delete()).expectStatus(204)
      await events.until(() => events.isOver, 'the end of the response')
      equal(
        events.controls.filter((fields) => fields.streamClosed === true),
        [],
        'control events that claim a closure',
      )
    },
  },
  {
    id: '5.4/waiters-do-not-follow-a-recreated-stream',
    level: 'SHOULD',
    slow: true,
    title: 'a reader that waited on a deleted stream never gets data of the one created in its place',
    async run(ctx) {
      const stream = await ctx.create()
      const waiting = stream.longPoll(await stream.tail())
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      await ctx.sleep(100)
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put()).expectStatus(201)
      await stream.append('another stream')
      const answer = await waiting
      equal(
        answer.text.includes('another stream'),
        false,
        'data of the new stream by long-poll',
        answer.describe(),
      )
      await ctx.sleep(200)
      equal(events.text, '', 'data of the new stream by SSE')
    },
  },
])
