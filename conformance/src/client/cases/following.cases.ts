import { equal } from '../../server/assertions.js'
import type { ClientCase } from '../client-case.js'
import { textOf, type ClientContext } from '../client-context.js'
import { answer, pause } from '../stage/misbehaviour.js'
import type { Step } from '../stage/stage-server.js'
import { defineClientCases } from './define-client-cases.js'

/** Reads from an offset that ends in `suffix`, and follows from the next one: the server must get both as they are. */
async function sendBackOffset(ctx: ClientContext, offsetSuffix: string): Promise<void> {
  const { path, stream } = await ctx.staged({ chunks: ['one ', 'two'], offsetSuffix, longPollMs: 100 })
  const reading = ctx.read(path, { live: 'long-poll', offset: stream.offsetOf(1), timeoutMs: 8000 })
  await pause(500)
  stream.append(Buffer.from(' three'), true)
  equal(textOf(await reading), 'two three', 'the content')
  const asked = new Set(ctx.stage.requests(path, 'READ').map(({ query }) => query.get('offset')))
  const expected = [stream.offsetOf(1), stream.offsetOf(2)]
  equal([...asked].slice(0, 2), expected, 'the offsets that were sent back')
}

/** Positions, cursors, headers and caches: what a client must pass on, and what it must not trust. */
export const followingCases: readonly ClientCase[] = defineClientCases('stage', [
  {
    id: 'client/reads-pages-until-up-to-date',
    section: '5.6',
    level: 'MUST',
    title: 'a read goes on from page to page, each at the offset of the one before, until it is up to date',
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['one ', 'two ', 'three'], pageChunks: 1 })
      equal(textOf(await ctx.read(path)), 'one two three', 'the content')
      const asked = ctx.stage.requests(path, 'READ').map(({ query }) => query.get('offset') ?? '-1')
      equal(
        asked.slice(0, 3),
        ['-1', stream.offsetOf(1), stream.offsetOf(2)],
        'the offsets that were asked for',
      )
    },
  },
  {
    id: 'client/passes-odd-offsets-through',
    section: '8',
    level: 'MUST',
    title: 'offsets of any form, long and in mixed case, are sent back as they came',
    run: (ctx) => sendBackOffset(ctx, `_${'aZ'.repeat(60)}.~-!*'()`),
  },
  {
    id: 'client/encodes-offsets',
    section: '8',
    level: 'MUST',
    title: 'offsets with characters that mean something in a URL are encoded',
    run: (ctx) => sendBackOffset(ctx, '+a%20b#c;d:@$ e"<>|\\^`{}'),
  },
  {
    id: 'client/orders-query-parameters',
    section: '10',
    level: 'SHOULD',
    title: 'query parameters of live reads are in the order of their names',
    needs: ['longPoll'],
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['x'], longPollMs: 50 })
      await ctx.read(path, { live: 'long-poll', timeoutMs: 800 })
      for (const { rawQuery } of ctx.stage.requests(path, 'READ')) {
        const names = rawQuery.split('&').map((pair) => pair.split('=')[0])
        equal(names, [...names].sort(), `the names in ${rawQuery}`)
      }
    },
  },
  {
    id: 'client/echoes-the-cursor',
    section: '10.1',
    level: 'MUST',
    title: 'each long-poll carries the cursor of the one before',
    needs: ['longPoll'],
    async run(ctx) {
      const { path } = await ctx.staged({ longPollMs: 50 })
      const sent = [900, 901, 902].map(
        (cursor): Step =>
          ({ response, stream }) =>
            void response
              .writeHead(204, {
                'Stream-Next-Offset': stream?.tail ?? '',
                'Stream-Up-To-Date': 'true',
                'Stream-Cursor': String(cursor),
              })
              .end(),
      )
      ctx.stage.script(path, 'LONG-POLL', ...sent)
      await ctx.read(path, { live: 'long-poll', timeoutMs: 1500 })
      const cursors = ctx.stage.requests(path, 'LONG-POLL').map(({ query }) => query.get('cursor'))
      const echoed = ['900', '901', '902'].filter((cursor) => cursors.includes(cursor))
      equal(echoed, ['900', '901', '902'], 'the cursors that came back')
    },
  },
  {
    id: 'client/no-cursor-at-a-closed-end-long-poll',
    section: '5.7',
    level: 'MUST',
    title: 'a long-poll answered 204 with Stream-Closed and no cursor ends the read without an error',
    needs: ['longPoll'],
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['all'], longPollMs: 4000 })
      const reading = ctx.read(path, { live: 'long-poll', timeoutMs: 8000 })
      await pause(400)
      stream.append(Buffer.alloc(0), true)
      equal(textOf(await reading), 'all', 'the content')
      const before = ctx.stage.requests(path, 'READ').length
      await pause(300)
      equal(ctx.stage.requests(path, 'READ').length, before, 'the number of requests after the end')
    },
  },
  {
    id: 'client/polls-again-after-a-time-out',
    section: '5.7',
    level: 'MUST',
    title: 'a long-poll that times out is followed by another one from the same offset',
    needs: ['longPoll'],
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['one '], longPollMs: 100 })
      const reading = ctx.read(path, { live: 'long-poll', timeoutMs: 8000 })
      await pause(700)
      stream.append(Buffer.from('two'), true)
      equal(textOf(await reading), 'one two', 'the content')
    },
  },
  {
    id: 'client/up-to-date-is-not-the-end',
    section: '5.6',
    level: 'MUST',
    title: 'a reader that is up to date goes on to follow, and gets what comes later',
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['there '], longPollMs: 2000 })
      const reading = ctx.read(path, { live: 'long-poll', timeoutMs: 8000 })
      await pause(600)
      stream.append(Buffer.from('later'), true)
      equal(textOf(await reading), 'there later', 'the content')
    },
  },
  {
    id: 'client/finds-a-later-closure',
    section: '5.6',
    level: 'MUST',
    title: 'a read from the tail of a stream that was closed since has no data and knows of the closure',
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['all'] })
      const first = await ctx.read(path)
      stream.append(Buffer.alloc(0), true)
      const offset = first.offset ?? ctx.fail('expected the result of a read to carry an offset')
      const second = await ctx.read(path, { offset })
      equal(textOf(second), '', 'what there is after the tail')
      if (second.streamClosed !== undefined) equal(second.streamClosed, true, 'streamClosed')
    },
  },
  {
    id: 'client/head-tells-the-closure',
    section: '5.5',
    level: 'SHOULD',
    title: 'HEAD tells a client whether the stream is closed',
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['x'] })
      const open = await ctx.ok({ type: 'head', path })
      stream.append(Buffer.alloc(0), true)
      const closed = await ctx.ok({ type: 'head', path })
      equal([open.streamClosed ?? false, closed.streamClosed], [false, true], 'streamClosed before and after')
    },
  },
  {
    id: 'client/stale-caches-are-not-hammered',
    section: '10',
    level: 'SHOULD',
    title: 'a cache that repeats one answer without any progress is not asked dozens of times a second',
    needs: ['longPoll'],
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['x'] })
      const stale = answer(204, {
        'Stream-Next-Offset': stream.tail,
        'Stream-Up-To-Date': 'true',
        'Stream-Cursor': '7',
        Age: '30',
      })
      ctx.stage.script(path, 'LONG-POLL', ...Array.from({ length: 2000 }, () => stale))
      await ctx.send({ type: 'read', path, live: 'long-poll', timeoutMs: 2000 })
      const asked = ctx.stage.requests(path, 'READ').length
      if (asked > 50) ctx.fail(`expected no more than 50 requests in two seconds, got ${asked}`)
    },
  },
  {
    id: 'client/sends-its-own-headers',
    section: '12.1',
    level: 'SHOULD',
    title: 'headers that an application sets are sent with reads and appends',
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['x'] })
      const headers = { Authorization: 'Bearer abc', 'X-Trace': '1' }
      await ctx.ok({ type: 'append', path, data: 'y', headers })
      await ctx.read(path, { headers })
      for (const kind of ['POST', 'READ'] as const) {
        const sent = ctx.stage.requests(path, kind)[0]?.headers
        equal([sent?.authorization, sent?.['x-trace']], ['Bearer abc', '1'], `the headers of the ${kind}`)
      }
    },
  },
  {
    id: 'client/renews-an-expired-token',
    section: '12.1',
    level: 'SHOULD',
    title:
      'a header that changes is asked for again at every request, so that a token can expire during a read',
    needs: ['longPoll', 'dynamicHeaders'],
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['one '], longPollMs: 100 })
      await ctx.ok({ type: 'set-dynamic-header', name: 'X-Token', valueType: 'counter' })
      const expire: Step = ({ request, response, honestly }) => {
        const isNew = Number(request.headers['x-token']) > 1
        return isNew ? honestly() : void response.writeHead(401).end()
      }
      ctx.stage.script(path, 'LONG-POLL', expire, expire, expire)
      const reading = ctx.read(path, { live: 'long-poll', timeoutMs: 8000 })
      await pause(800)
      stream.append(Buffer.from('two'), true)
      equal(textOf(await reading), 'one two', 'the content')
    },
  },
  {
    id: 'client/expired-tokens-are-told',
    section: '12.1',
    level: 'SHOULD',
    title: 'a token that the server no longer takes is an error, and a new one works',
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['x'] })
      const guard: Step = ({ request, response, honestly }) =>
        request.headers.authorization === 'Bearer new' ? honestly() : void response.writeHead(401).end()
      ctx.stage.script(path, 'READ', ...Array.from({ length: 20 }, () => guard))
      await ctx.fails({ type: 'read', path, headers: { Authorization: 'Bearer old' }, timeoutMs: 5000 }, 401)
      equal(textOf(await ctx.read(path, { headers: { Authorization: 'Bearer new' } })), 'x', 'the content')
    },
  },
  {
    id: 'client/ignores-what-it-does-not-know',
    section: '11',
    level: 'MUST',
    title: 'headers of extensions and events of other names change nothing',
    needs: ['sse'],
    async run(ctx) {
      const { path, stream } = await ctx.staged({ chunks: ['known'], closed: true })
      ctx.stage.script(path, 'READ', ({ honestly, response }) => {
        response.setHeader('X-Extension', 'yes')
        response.setHeader('Stream-Future', '{"a":1}')
        return honestly()
      })
      equal(textOf(await ctx.read(path)), 'known', 'the content by a catch-up read')
      const control = `{"streamNextOffset":"${stream.tail}","streamClosed":true,"upToDate":true,"future":[1]}`
      const events = `: a comment\nretry: 10\nid: 7\n\nevent: ping\ndata: {"not":"data"}\n\nevent: data\ndata:known\n\nevent: control\ndata:${control}\n\n`
      const follow: Step = ({ response }) =>
        void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(events)
      const second = await ctx.staged()
      ctx.stage.script(second.path, 'SSE', follow)
      equal(textOf(await ctx.read(second.path, { live: 'sse' })), 'known', 'the content by SSE')
    },
  },
])
