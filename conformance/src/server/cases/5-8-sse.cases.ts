import { check, equal, isBefore } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

export const sseCases: readonly ServerCase[] = defineCases('5.8', [
  {
    id: '5.8/missing-offset-answers-400',
    level: 'MUST',
    title: 'an SSE request without an offset answers 400',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ live: 'sse' })).expectStatus(400)
    },
  },
  {
    id: '5.8/missing-stream-answers-404',
    level: 'MUST',
    title: 'an SSE request for a stream that does not exist answers 404',
    async run(ctx) {
      ;(await ctx.stream().get({ offset: '-1', live: 'sse' })).expectStatus(404)
    },
  },
  {
    id: '5.8/response-head',
    level: 'MUST',
    title: 'an SSE response is text/event-stream of unknown length that no cache keeps',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await stream.sse('-1')
      events.head.expectStatus(200).expectHeader(H.contentType, 'text/event-stream')
      events.head.expectHeader(H.cacheControl, /\bno-cache\b/).expectNoHeader('Content-Length')
    },
  },
  {
    id: '5.8/data-then-control',
    level: 'MUST',
    title: 'stored data comes as data events, each followed by one control event, the last being up to date',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.append('def')
      const events = await stream.sse('-1')
      const control = await events.untilUpToDate()
      equal(events.text, 'abcdef', 'the data')
      equal(control.streamNextOffset, tail, 'streamNextOffset')
      equal(control.upToDate, true, 'upToDate')
      check(
        /^\d+$/.test(String(control.streamCursor)),
        `streamCursor is a decimal string: ${String(control.streamCursor)}`,
      )
      check(typeof control.streamCursor === 'string', 'streamCursor is a string')
      check(control.streamClosed === undefined, 'an open stream carries no streamClosed')
    },
  },
  {
    id: '5.8/every-data-event-has-its-control-event',
    level: 'MUST',
    title: 'data and control events alternate, offsets rise, and only the last is up to date',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'first' })
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      for (let index = 0; index < 10; index += 1) await stream.append(`;${index}`)
      const tail = await stream.tail()
      await events.untilControl((fields) => fields.streamNextOffset === tail)
      for (const [index, event] of events.events.entries()) {
        const next = events.events[index + 1]
        if (event.type === 'data') equal(next?.type, 'control', 'the event after a data event')
      }
      const offsets = events.controls.map((fields) => String(fields.streamNextOffset))
      for (const [index, offset] of offsets.slice(1).entries()) {
        check(isBefore(offsets[index]!, offset), `offsets rise: ${offsets[index]!} before ${offset}`)
      }
      equal(events.text, 'first;0;1;2;3;4;5;6;7;8;9', 'the data')
      equal(
        (await stream.readAll(offsets[0])).text,
        ';0;1;2;3;4;5;6;7;8;9',
        'a read from the first control offset',
      )
    },
  },
  {
    id: '5.8/empty-stream-starts-with-control',
    level: 'MUST',
    title: 'an empty stream begins with a control event that carries the real tail and upToDate',
    async run(ctx) {
      const stream = ctx.stream()
      const { nextOffset } = await stream.put()
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      equal(events.events[0]?.type, 'control', 'the first event')
      equal(events.controls[0]?.streamNextOffset, nextOffset, 'streamNextOffset')
      equal(events.dataEvents.length, 0, 'the number of data events')
    },
  },
  {
    id: '5.8/reads-from-an-offset',
    level: 'MUST',
    title: 'an SSE request from an offset delivers what lies behind it',
    async run(ctx) {
      const stream = await ctx.create()
      const middle = await stream.append('abc')
      await stream.append('def')
      const events = await stream.sse(middle)
      await events.untilUpToDate()
      equal(events.text, 'def', 'the data')
    },
  },
  {
    id: '5.8/appends-arrive-live',
    level: 'MUST',
    title: 'appends reach every open SSE response, once and in order',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const readers = await Promise.all(Array.from({ length: 4 }, () => stream.sse('-1')))
      for (const reader of readers) await reader.untilUpToDate()
      for (let index = 0; index < 10; index += 1) await stream.append(JSON.stringify([{ index }, index]))
      const tail = await stream.tail()
      const expected = Array.from({ length: 10 }, (_, index) => [{ index }, index]).flat()
      for (const reader of readers) {
        await reader.untilControl((fields) => fields.streamNextOffset === tail && fields.upToDate === true)
        equal(reader.messages, expected, 'the messages')
      }
    },
  },
  {
    id: '5.8/json-data-is-a-whole-array',
    level: 'MUST',
    title: 'each data event of a JSON stream is a whole array of messages',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[{"a":1},"b"]' })
      await stream.append('[[1,2],[3]]')
      await stream.append('null')
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      equal(events.messages, [{ a: 1 }, 'b', [1, 2], [3], null], 'the messages')
    },
  },
  {
    id: '5.8/resumes-from-any-control-event',
    level: 'MUST',
    title: 'a reader that reconnects at its last control offset misses nothing and sees nothing twice',
    async run(ctx) {
      const stream = await ctx.create()
      let [offset, text] = ['-1', '']
      for (let round = 0; round < 5; round += 1) {
        await stream.append(`${round}a;`)
        const events = await stream.sse(offset)
        const { streamNextOffset } = await events.untilUpToDate()
        events.close()
        await stream.append(`${round}b;`)
        text += events.text
        offset = String(streamNextOffset)
      }
      text += (await stream.readAll(offset)).text
      equal(text, (await stream.readAll()).text, 'what the reader saw, and the content')
    },
  },
  {
    id: '5.8/closed-stream-ends',
    level: 'MUST',
    title: 'a closed stream delivers its data, then streamClosed without a cursor, and the response ends',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const { nextOffset } = await stream.close()
      const events = await stream.sse('-1')
      await events.untilEnd()
      equal(events.text, 'abc', 'the data')
      const last = events.controls.at(-1)
      equal(last?.streamClosed, true, 'streamClosed')
      equal(last?.streamNextOffset, nextOffset, 'streamNextOffset')
      equal(events.events.at(-1)?.type, 'control', 'the last event')
    },
  },
  {
    id: '5.8/closed-tail-ends-at-once',
    level: 'MUST',
    title: 'at the end of a closed stream the only event is a control event with streamClosed and upToDate',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1]' })
      const { nextOffset } = await stream.close()
      const events = await stream.sse(nextOffset)
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
    id: '5.8/closed-control-has-no-cursor',
    level: 'MAY',
    title: 'a control event with streamClosed carries no streamCursor',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      await stream.close()
      const events = await stream.sse('-1')
      await events.untilEnd()
      equal(events.controls.at(-1)?.streamCursor, undefined, 'streamCursor')
    },
  },
  {
    id: '5.8/append-and-close-arrives-whole',
    level: 'MUST',
    title: 'an append that closes reaches a waiting reader with its body, then streamClosed, then the end',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      const { nextOffset } = await stream.appendAndClose('last')
      await events.untilEnd()
      equal(events.text, 'abclast', 'the data')
      equal(events.controls.at(-1)?.streamClosed, true, 'streamClosed')
      equal(events.controls.at(-1)?.streamNextOffset, nextOffset, 'streamNextOffset')
    },
  },
  {
    id: '5.8/closure-comes-last',
    level: 'MUST',
    title: 'no control event before the last one claims the closure',
    async run(ctx) {
      const stream = await ctx.create()
      const events = await stream.sse('-1')
      for (let index = 0; index < 10; index += 1) await stream.append(`${index};`)
      await stream.appendAndClose('end')
      await events.untilEnd()
      equal(events.text, '0;1;2;3;4;5;6;7;8;9;end', 'the data')
      const claims = events.controls.map((fields) => fields.streamClosed === true)
      equal(claims.indexOf(true), claims.length - 1, 'the position of the first claim of closure')
    },
  },
  {
    id: '5.8/fork-delivers-inherited-and-own-data',
    level: 'MUST',
    title: 'SSE on a fork delivers inherited data, then its own, and never what the source appends later',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE, { body: '[1,2]' })
      const fork = await source.fork()
      const events = await fork.sse('-1')
      await events.untilUpToDate()
      await source.append('"source"')
      await fork.append('3')
      await source.close()
      const tail = await fork.append('4')
      await events.untilControl((fields) => fields.streamNextOffset === tail && fields.upToDate === true)
      equal(events.messages, [1, 2, 3, 4], 'the messages')
      check(!events.isOver, 'the closure of the source does not end the response')
    },
  },
  {
    id: '5.8/responses-are-recycled',
    level: 'SHOULD',
    needs: ['sse-recycle'],
    slow: true,
    title: 'an idle SSE response is ended after a while, and a reader resumes without loss',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await stream.sse('-1')
      const { streamNextOffset } = await events.untilUpToDate()
      await events.untilEnd(2 * ctx.sseRecycleMs + 1000)
      check(
        events.controls.every((fields) => fields.streamClosed !== true),
        'recycling claims no closure',
      )
      await stream.append('def')
      const resumed = await stream.sse(String(streamNextOffset))
      await resumed.untilUpToDate()
      equal(resumed.text, 'def', 'the data after resuming')
    },
  },
])
