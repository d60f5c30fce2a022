import { check, equal } from '../assertions.js'
import type { SseConnection } from '../sse-connection.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

async function readLive(stream: TestStream, offset = '-1'): Promise<SseConnection> {
  const events = await stream.sse(offset)
  await events.untilUpToDate()
  return events
}

export const ssePayloadCases: readonly ServerCase[] = defineCases('5.8', [
  {
    id: '5.8/lines-have-one-form',
    level: 'SHOULD',
    title: 'lines are "event: <type>" with a space and "data:<payload>" without one, ended by LF',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[{"a":1},2]' })
      const events = await readLive(stream)
      for (const { type, lines } of events.events) {
        equal(lines[0], `event: ${type}`, 'the first line of an event')
        for (const line of lines.slice(1)) check(/^data:(?! )/.test(line), `not a data line: ${line}`)
      }
      check(!events.raw.includes(0x0d), 'no carriage return on the wire')
    },
  },
  {
    id: '5.8/control-is-one-line-of-flat-json',
    level: 'SHOULD',
    title: 'a control event is one line of JSON with no fields but those of the protocol',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await readLive(stream)
      await stream.close()
      await events.untilEnd()
      for (const event of events.events.filter((one) => one.type === 'control')) {
        equal(event.lines.length, 2, 'the number of lines of a control event')
        for (const [name, value] of Object.entries(events.control(event))) {
          const isText = name === 'streamNextOffset' || name === 'streamCursor'
          const isFlag = name === 'upToDate' || name === 'streamClosed'
          check(
            (isText && typeof value === 'string') || (isFlag && value === true),
            `unexpected ${name}: ${String(value)}`,
          )
        }
      }
    },
  },
  {
    id: '5.8/only-data-and-control-events',
    level: 'MUST',
    title: 'there are no other events than data and control',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await readLive(stream)
      await stream.append('def')
      await events.until(() => events.text === 'abcdef', 'the second append')
      for (const event of events.events)
        check(['data', 'control'].includes(event.type), `unexpected ${event.type}`)
    },
  },
  {
    id: '5.8/text-types-are-not-encoded',
    level: 'MUST',
    title: 'text and JSON arrive as they are, without the encoding header',
    async run(ctx) {
      for (const type of [TEXT, 'text/csv', 'text/html; charset=utf-8', 'TEXT/Markdown']) {
        const stream = await ctx.create(type, { body: 'é;€' })
        const events = await readLive(stream)
        events.head.expectNoHeader(H.sseEncoding)
        equal(events.text, 'é;€', 'the data')
      }
      for (const type of [JSON_TYPE, 'application/json; charset=utf-8']) {
        const stream = await ctx.create(type, { body: '["é€"]' })
        const events = await readLive(stream)
        events.head.expectNoHeader(H.sseEncoding)
        equal(events.messages, ['é€'], 'the messages')
      }
    },
  },
  {
    id: '5.8/other-types-are-base64',
    level: 'MUST',
    title: 'any other type arrives as standard base64, announced by a header',
    async run(ctx) {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index)
      const types = [
        BINARY,
        'application/x-protobuf',
        'application/ndjson',
        'application/vnd.api+json',
        'image/svg+xml',
      ]
      for (const type of types) {
        const stream = await ctx.create(type, { body: bytes })
        const events = await readLive(stream)
        events.head.expectHeader(H.sseEncoding, 'base64')
        equal(events.decoded, Buffer.from(bytes), 'the decoded data')
        equal(events.controls.at(-1)?.upToDate, true, 'upToDate of the control event, which is not encoded')
      }
    },
  },
  {
    id: '5.8/base64-is-whole-per-event',
    level: 'MUST',
    title: 'each data event of a binary stream decodes on its own, whatever the lengths',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      const events = await readLive(stream)
      const pieces = [1, 2, 3, 4, 5, 100, 10_000].map((length) => new Uint8Array(length).fill(length % 256))
      for (const piece of pieces) await stream.append(piece)
      const tail = await stream.tail()
      await events.untilControl((fields) => fields.streamNextOffset === tail)
      equal(events.decoded, Buffer.concat(pieces), 'the decoded data of the live reader')
      equal((await readLive(stream)).decoded, Buffer.concat(pieces), 'the decoded data from the beginning')
    },
  },
  {
    id: '5.8/pretty-json-cannot-break-lines',
    level: 'MUST',
    title: 'messages sent with line ends between their tokens arrive as the same messages',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      await stream.append('{\n  "a": 1,\r\n  "b": [\r 2\n ]\n}\n')
      await stream.append('[\r\n"x\\ny",\n\n3 ]')
      const events = await readLive(stream)
      equal(events.messages, [{ a: 1, b: [2] }, 'x\ny', 3], 'the messages')
    },
  },
  {
    id: '5.8/long-data-arrives-whole',
    level: 'MUST',
    title: 'megabytes of stored data arrive whole, with rising offsets, before the reader is up to date',
    async run(ctx) {
      const stream = await ctx.create()
      const line = `${'0123456789'.repeat(20)}\n`
      for (let round = 0; round < 10; round += 1) await stream.append(line.repeat(1000))
      const events = await stream.sse('-1')
      await events.untilUpToDate(10_000)
      check(
        events.text === line.repeat(10_000),
        `the data is not what was written (${events.text.length} characters)`,
      )
    },
  },
])
