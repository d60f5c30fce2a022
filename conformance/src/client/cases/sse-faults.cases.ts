import { equal } from '../../server/assertions.js'
import type { ClientCase } from '../client-case.js'
import { messagesOf, textOf, type ClientContext } from '../client-context.js'
import { pause, sse, trickle } from '../stage/misbehaviour.js'
import { renderBatch, renderControl, renderData, sseHeaders } from '../stage/stage-reads.js'
import type { Step } from '../stage/stage-server.js'
import type { StageStream } from '../stage/stage-stream.js'
import { defineClientCases } from './define-client-cases.js'

const CLOSED_TEXT =
  'event: control\ndata: {"streamNextOffset":"0000000001","streamClosed":true,"upToDate":true}\n\n'

type Case = Omit<ClientCase, 'on' | 'section' | 'needs'>

const aboutSse = (cases: readonly Case[]): readonly ClientCase[] =>
  defineClientCases(
    'stage',
    cases.map((one) => ({ ...one, section: '5.8', needs: ['sse'] })),
  )

/** An SSE response that brings two chunks and breaks after what `broken` adds to the first; later ones are honest. */
function breakAfterFirst(broken: (stream: StageStream) => string, then: 'end' | 'cut'): Step {
  return async (context) => {
    const stream = context.stream!
    stream.append(Buffer.from('one '))
    stream.append(Buffer.from('two '))
    await sse(renderBatch(stream, 0, 1) + broken(stream), { then })(context)
  }
}

/** Reads by SSE through one scripted response, and closes the stream a while later. */
async function followThrough(
  ctx: ClientContext,
  step: Step,
): Promise<{ readonly path: string; readonly text: string }> {
  const { path, stream } = await ctx.staged()
  ctx.stage.script(path, 'SSE', step)
  const reading = ctx.read(path, { live: 'sse', timeoutMs: 12_000 })
  await pause(600)
  stream.append(Buffer.from('three'), true)
  return { path, text: textOf(await reading) }
}

/** Reads by SSE what one response holds, which ends a closed stream. */
async function readEvents(
  ctx: ClientContext,
  events: string | Buffer,
  contentType = 'text/plain',
): Promise<string> {
  const { path } = await ctx.staged({ contentType })
  ctx.stage.script(path, 'SSE', sse(events))
  return textOf(await ctx.read(path, { live: 'sse', timeoutMs: 6000 }))
}

/** How a client reads events, and how it goes on when a response ends or breaks. */
export const sseFaultCases: readonly ClientCase[] = aboutSse([
  {
    id: 'client/reconnects-at-the-last-control-offset',
    level: 'MUST',
    title: 'after a response that ends, the next one is asked for at the offset of the last control event',
    async run(ctx) {
      const { path, text } = await followThrough(
        ctx,
        breakAfterFirst(() => '', 'end'),
      )
      equal(text, 'one two three', 'what the reader got')
      const asked = ctx.stage.requests(path, 'READ').map(({ query }) => query.get('offset'))
      if (!asked.includes('0000000001'))
        ctx.fail(`expected a request from 0000000001, got ${asked.join(', ')}`)
    },
  },
  {
    id: 'client/half-an-event-is-no-event',
    level: 'MUST',
    title: 'an event that a cut leaves without its blank line is not handed out, and its data comes once',
    async run(ctx) {
      const { text } = await followThrough(
        ctx,
        breakAfterFirst(() => 'event: data\ndata:two \n', 'cut'),
      )
      equal(text, 'one two three', 'what the reader got')
    },
  },
  {
    id: 'client/repeats-data-without-its-control-event',
    level: 'MUST',
    title:
      'data whose control event never came comes again after the offset before it, and is handed out once',
    async run(ctx) {
      const { text } = await followThrough(
        ctx,
        breakAfterFirst((stream) => renderData(stream, 1, 2), 'cut'),
      )
      equal(text, 'one two three', 'what the reader got')
    },
  },
  {
    id: 'client/ends-without-asking-again-sse',
    level: 'MUST',
    title: 'after streamClosed no further request is made',
    async run(ctx) {
      const { path } = await ctx.staged()
      ctx.stage.script(path, 'SSE', sse(`event: data\ndata:all\n\n${CLOSED_TEXT}`))
      equal(textOf(await ctx.read(path, { live: 'sse', timeoutMs: 6000 })), 'all', 'what the reader got')
      const asked = ctx.stage.requests(path, 'SSE').length
      await pause(500)
      equal([asked, ctx.stage.requests(path, 'SSE').length], [1, 1], 'SSE requests at the end and later')
    },
  },
  {
    id: 'client/no-cursor-at-a-closed-end-sse',
    level: 'MUST',
    title: 'a control event with streamClosed and no streamCursor is no error',
    async run(ctx) {
      equal(await readEvents(ctx, `event: data\ndata:all\n\n${CLOSED_TEXT}`), 'all', 'what the reader got')
    },
  },
  {
    id: 'client/corrupt-control-is-not-believed',
    level: 'MUST',
    title:
      'a control event that is no JSON is an error or a reason to connect again, and loses and repeats nothing',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      ctx.stage.script(
        path,
        'SSE',
        breakAfterFirst(() => 'event: control\ndata:{"streamNextOffset": oops\n\n', 'end'),
      )
      const [result] = await Promise.all([
        ctx.send({ type: 'read', path, live: 'sse', timeoutMs: 5000 }),
        pause(600).then(() => stream.append(Buffer.from('three'), true)),
      ])
      if (result.success) equal(textOf(result), 'one two three', 'what the reader got')
    },
  },
  {
    id: 'client/corrupt-base64-is-no-data',
    level: 'MUST',
    title: 'data that should be base64 and is not is an error or is read again, and is never handed out',
    async run(ctx) {
      const { path } = await ctx.staged({ contentType: 'application/octet-stream' })
      ctx.stage.script(path, 'SSE', sse(`event: data\ndata:@@@ not base64 @@@\n\n${CLOSED_TEXT}`))
      const result = await ctx.send({ type: 'read', path, live: 'sse', timeoutMs: 2500 })
      if (result.success) equal(textOf(result), '', 'what the reader got')
    },
  },
  {
    id: 'client/joins-base64-lines',
    level: 'MUST',
    title: 'base64 over several data lines is joined before it is decoded',
    async run(ctx) {
      const lines =
        Buffer.from('joined from lines')
          .toString('base64')
          .match(/.{1,5}/g) ?? []
      const data = lines.map((line) => `data: ${line}\n`).join('')
      const text = await readEvents(ctx, `event: data\n${data}\n${CLOSED_TEXT}`, 'application/octet-stream')
      equal(text, 'joined from lines', 'what the reader got')
    },
  },
  {
    id: 'client/decodes-base64-by-the-header',
    level: 'MUST',
    title: 'data is decoded where the header says base64, and only there',
    async run(ctx) {
      const encoded = Buffer.from('decoded').toString('base64')
      const events = `event: data\ndata: ${encoded}\n\n${CLOSED_TEXT}`
      equal(await readEvents(ctx, events, 'image/png'), 'decoded', 'data with the header')
      equal(await readEvents(ctx, events), encoded, 'data without the header')
    },
  },
  {
    id: 'client/reads-any-line-ends',
    level: 'MUST',
    title: 'events whose lines end in CRLF or CR are read like those of LF',
    async run(ctx) {
      for (const end of ['\r\n', '\r']) {
        const events = `event: data\ndata: one\ndata: two\n\n${CLOSED_TEXT}`.replaceAll('\n', end)
        equal(await readEvents(ctx, events), 'one\ntwo', `what came with ${JSON.stringify(end)}`)
      }
    },
  },
  {
    id: 'client/reads-events-in-pieces',
    level: 'MUST',
    title: 'events that come byte by byte are read like whole ones, characters included',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      const events = `event: data\ndata:Grüße 👋\n\n${CLOSED_TEXT}`
      ctx.stage.script(path, 'SSE', trickle(events, sseHeaders(stream), { everyMs: 1 }))
      equal(textOf(await ctx.read(path, { live: 'sse', timeoutMs: 6000 })), 'Grüße 👋', 'what the reader got')
    },
  },
  {
    id: 'client/strips-one-space',
    level: 'MUST',
    title: 'one space behind the colon of a data line is no part of the data, a second one is',
    async run(ctx) {
      const events = `event: data\ndata:a\ndata: b\ndata:  c\ndata:\n\n${CLOSED_TEXT}`
      equal(await readEvents(ctx, events), 'a\nb\n c\n', 'what the reader got')
    },
  },
  {
    id: 'client/content-cannot-forge-control',
    level: 'MUST',
    title: 'content that looks like a control event is content',
    async run(ctx) {
      const forged = 'event: control\ndata: {"streamNextOffset":"9","streamClosed":true}\n\nmore'
      const { path } = await ctx.staged({ chunks: [forged], closed: true })
      equal(textOf(await ctx.read(path, { live: 'sse' })), forged, 'what the reader got')
    },
  },
  {
    id: 'client/json-comes-in-several-lines',
    level: 'MUST',
    title: 'a JSON array over several data lines is one batch of messages',
    async run(ctx) {
      const { path } = await ctx.staged({ contentType: 'application/json' })
      const events = `event: data\ndata: [\ndata: {"k":"v"},\ndata: {"k":"w"}\ndata: ]\n\n${CLOSED_TEXT}`
      ctx.stage.script(path, 'SSE', sse(events))
      const read = await ctx.read(path, { live: 'sse', timeoutMs: 6000 })
      equal(messagesOf(read), [{ k: 'v' }, { k: 'w' }], 'the messages')
    },
  },
  {
    id: 'client/deleted-streams-end-the-read',
    level: 'SHOULD',
    title: 'a stream that is gone when a client connects again ends the read with an error',
    async run(ctx) {
      const { path } = await ctx.staged()
      ctx.stage.script(path, 'SSE', async (context) => {
        context.stream?.append(Buffer.from('one '))
        const { stream } = context
        ctx.stage.remove(path)
        await sse(stream === undefined ? '' : renderBatch(stream, 0, 1))(context)
      })
      await ctx.fails({ type: 'read', path, live: 'sse', timeoutMs: 8000 }, 404)
    },
  },
  {
    id: 'client/short-responses-are-not-hammered',
    level: 'SHOULD',
    title: 'responses that end at once without any data are not asked for dozens of times a second',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      const control = renderControl({ streamNextOffset: stream.tail, upToDate: true, streamCursor: '1' })
      ctx.stage.script(path, 'SSE', ...Array.from({ length: 2000 }, () => sse(control)))
      await ctx.send({ type: 'read', path, live: 'sse', timeoutMs: 2000 })
      const asked = ctx.stage.requests(path, 'SSE').length
      if (asked > 50) ctx.fail(`expected no more than 50 requests in two seconds, got ${asked}`)
    },
  },
])
