import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { SseConnection } from '../sse-connection.js'
import type { TestStream } from '../test-stream.js'
import { TEXT } from '../wire-names.js'

async function readLive(stream: TestStream, offset = '-1'): Promise<SseConnection> {
  const events = await stream.sse(offset)
  await events.untilUpToDate()
  return events
}

export const sseTextCases: readonly ServerCase[] = defineCases('5.8', [
  {
    id: '5.8/text-lines-are-split',
    level: 'MUST',
    title: 'line feeds of a text come back in the joined data, trailing and repeated ones included',
    async run(ctx) {
      for (const text of ['one\ntwo', 'one\n', '\none', '\n', '\n\n\n', 'one\n\n\ntwo\n\n']) {
        const stream = await ctx.create(TEXT, { body: text })
        const events = await readLive(stream)
        equal(events.text, text, 'the data')
      }
    },
  },
  {
    id: '5.8/carriage-returns-are-line-ends',
    level: 'MUST',
    title: 'CRLF and CR in a text end a line each and inject nothing',
    async run(ctx) {
      for (const text of [
        'one\r\ntwo',
        'one\rtwo',
        'one\r\n\r\ntwo',
        '\r',
        'one\r',
        '\r\n',
        'a\rb\nc\r\nd',
      ]) {
        const stream = await ctx.create(TEXT, { body: text })
        const events = await readLive(stream)
        equal(events.text, text.replaceAll(/\r\n?/g, '\n'), 'the data')
        equal(events.controls.length, events.dataEvents.length, 'the number of control events')
      }
    },
  },
  {
    id: '5.8/text-cannot-forge-events',
    level: 'MUST',
    title: 'a text that looks like SSE stays data, behind any kind of line end',
    async run(ctx) {
      for (const end of ['\n', '\r', '\r\n']) {
        const forged = [
          'x',
          '',
          'event: control',
          'data: {"streamClosed":true}',
          '',
          ': comment',
          'id: 7',
          '',
        ].join(end)
        const stream = await ctx.create(TEXT, { body: forged })
        const tail = await stream.tail()
        const events = await readLive(stream)
        equal(events.text, forged.replaceAll(/\r\n?/g, '\n'), 'the data')
        equal(
          events.controls.map((fields) => fields.streamNextOffset),
          [tail],
          'the control events',
        )
        check(!events.isOver, 'the forged closure does not end the response')
      }
    },
  },
  {
    id: '5.8/leading-spaces-survive',
    level: 'MUST',
    title: 'spaces at the beginning of a text or of any of its lines survive a standard parser',
    async run(ctx) {
      for (const text of [' one', '  two', ' ', ' a\n b\n  c\n', '\t tab', 'none\n one']) {
        const stream = await ctx.create(TEXT, { body: text })
        const events = await readLive(stream)
        equal(events.text, text, 'the data')
      }
    },
  },
  {
    id: '5.8/token-by-token-text-survives',
    level: 'MUST',
    title: 'a text streamed in small pieces, many beginning with a space, joins to the same text',
    async run(ctx) {
      const stream = await ctx.create()
      const events = await readLive(stream)
      const pieces = ['The', ' quick', ' brown', '\n', ' fox', ' ', 'jumps', '\n\n', '  over', ' it', '.']
      for (const piece of pieces) await stream.append(piece)
      const tail = await stream.tail()
      await events.untilControl((fields) => fields.streamNextOffset === tail)
      equal(events.text, pieces.join(''), 'the data')
    },
  },
  {
    id: '5.8/split-characters-survive',
    level: 'MUST',
    title: 'a UTF-8 sequence split across two appends arrives whole, live and from the beginning',
    async run(ctx) {
      const stream = await ctx.create()
      const live = await readLive(stream)
      const bytes = Buffer.from('a€b😀c', 'utf8')
      for (const cut of [
        [0, 2],
        [2, 6],
        [6, 8],
        [8, bytes.length],
      ] as const) {
        await stream.append(bytes.subarray(...cut))
        await ctx.sleep(20)
      }
      const tail = await stream.tail()
      await live.untilControl((fields) => fields.streamNextOffset === tail)
      equal(live.text, 'a€b😀c', 'the data of the live reader')
      const events = await readLive(stream)
      equal(events.text, 'a€b😀c', 'the data from the beginning')
    },
  },
  {
    id: '5.8/resuming-inside-a-character-loses-nothing',
    level: 'SHOULD',
    title: 'a reader that reconnects while a character is half appended gets it whole afterwards',
    async run(ctx) {
      const stream = await ctx.create()
      const bytes = Buffer.from('a€b', 'utf8')
      await stream.append(bytes.subarray(0, 2))
      const first = await stream.sse('-1')
      await first.until(() => first.controls.length > 0, 'a control event')
      await ctx.sleep(50)
      first.close()
      const second = await stream.sse(String(first.controls.at(-1)?.streamNextOffset))
      await second.until(() => second.controls.length > 0, 'a control event')
      await stream.append(bytes.subarray(2))
      const tail = await stream.tail()
      await second.untilControl((fields) => fields.streamNextOffset === tail)
      equal(first.text + second.text, 'a€b', 'what the reader saw')
    },
  },
  {
    id: '5.8/invalid-text-does-not-break-the-response',
    level: 'SHOULD',
    title: 'bytes that are no UTF-8 in a text stream leave what surrounds them whole and the events intact',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: Buffer.from([0x61, 0xff, 0x62, 0xe2, 0x82]) })
      const events = await stream.sse('-1')
      await events.until(() => events.controls.length > 0, 'a control event')
      await stream.append('cd')
      const tail = await stream.tail()
      await events.untilControl((fields) => fields.streamNextOffset === tail)
      equal(events.text.replaceAll('\uFFFD', ''), 'abcd', 'the valid characters')
    },
  },
  {
    id: '5.8/byte-order-marks-survive',
    level: 'MUST',
    title: 'a byte order mark in a text arrives like any other character',
    async run(ctx) {
      for (const text of ['\uFEFFabc', 'abc\uFEFF', '\uFEFF']) {
        const stream = await ctx.create(TEXT, { body: text })
        const events = await readLive(stream)
        equal(events.text, text, 'the data')
      }
    },
  },
])
