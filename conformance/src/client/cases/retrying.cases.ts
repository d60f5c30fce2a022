import { equal } from '../../server/assertions.js'
import type { ClientCase } from '../client-case.js'
import { textOf, type ClientContext } from '../client-context.js'
import { answer, delay, drop, trickle, truncate } from '../stage/misbehaviour.js'
import type { StageRequest, Step } from '../stage/stage-server.js'
import { defineClientCases } from './define-client-cases.js'

const TEXT_HEADERS = {
  'Content-Type': 'text/plain',
  'Stream-Next-Offset': '0000000001',
  'Stream-Up-To-Date': 'true',
}

/** A read that meets trouble first must still return the content, once. */
async function readThrough(ctx: ClientContext, ...steps: Step[]): Promise<StageRequest[]> {
  const { path } = await ctx.staged({ chunks: ['the content'] })
  ctx.stage.script(path, 'READ', ...steps)
  equal(textOf(await ctx.read(path, { timeoutMs: 15_000 })), 'the content', 'the content')
  return ctx.stage.requests(path, 'READ')
}

/** How long a client waited between its first two requests. */
function waitOf([first, second]: readonly StageRequest[]): number {
  return first === undefined || second === undefined ? 0 : second.atMs - first.atMs
}

/** What a client does about failures that pass, and about those that do not. */
export const retryingCases: readonly ClientCase[] = defineClientCases('stage', [
  {
    id: 'client/read-retries-server-errors',
    section: '5.6',
    level: 'SHOULD',
    title: 'a read that meets 503 and 500 is tried again',
    async run(ctx) {
      await readThrough(ctx, answer(503), answer(500))
    },
  },
  {
    id: 'client/read-retries-dropped-connections',
    section: '5.6',
    level: 'SHOULD',
    title: 'a read whose connection is cut before the answer is tried again',
    async run(ctx) {
      await readThrough(ctx, drop, drop)
    },
  },
  {
    id: 'client/waits-as-retry-after-says',
    section: '12.5',
    level: 'SHOULD',
    title: 'a client that is told 429 with Retry-After in seconds does not come back earlier',
    async run(ctx) {
      const waitedMs = waitOf(await readThrough(ctx, answer(429, { 'Retry-After': '2' })))
      if (waitedMs < 1900) ctx.fail(`expected a wait of 2 s, it was ${Math.round(waitedMs)} ms`)
    },
  },
  {
    id: 'client/waits-until-the-date-of-retry-after',
    section: '12.5',
    level: 'SHOULD',
    title: 'a client that is told 503 with Retry-After as a date does not come back a second earlier',
    async run(ctx) {
      // An HTTP date has whole seconds, so that one 3 seconds ahead is at least 2 seconds away.
      const date = new Date(Date.now() + 3000).toUTCString()
      const waitedMs = waitOf(await readThrough(ctx, answer(503, { 'Retry-After': date })))
      if (waitedMs < 1000) ctx.fail(`expected a wait of about 2 s, it was ${Math.round(waitedMs)} ms`)
    },
  },
  {
    id: 'client/reads-through-slow-answers',
    section: '5.6',
    level: 'MUST',
    title: 'an answer that takes a second is waited for, and asked for once',
    async run(ctx) {
      equal((await readThrough(ctx, delay(1000))).length, 1, 'the number of requests')
    },
  },
  {
    id: 'client/reads-through-slow-bodies',
    section: '5.6',
    level: 'MUST',
    title: 'a body that comes byte by byte is read whole, characters that it cuts included',
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['x'] })
      const body = 'Grüße, 世界 👋'
      ctx.stage.script(path, 'READ', trickle(body, TEXT_HEADERS))
      equal(textOf(await ctx.read(path)), body, 'the content')
    },
  },
  {
    id: 'client/refused-requests-are-not-retried',
    section: '5.6',
    level: 'SHOULD',
    title: 'a read that is answered 400, 403 or 404 is an error, after one request',
    async run(ctx) {
      for (const status of [400, 403, 404]) {
        const { path } = await ctx.staged({ chunks: ['x'] })
        ctx.stage.script(path, 'READ', ...Array.from({ length: 3 }, () => answer(status)))
        await ctx.fails({ type: 'read', path, timeoutMs: 5000 }, status)
        equal(ctx.stage.requests(path, 'READ').length, 1, `the number of requests after ${status}`)
      }
    },
  },
  {
    id: 'client/append-retries-429',
    section: '12.5',
    level: 'SHOULD',
    title: 'an append that is refused with 429 is tried again, and stored once',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      ctx.stage.script(path, 'POST', answer(429, { 'Retry-After': '1' }))
      await ctx.ok({ type: 'append', path, data: 'once' })
      equal(stream.chunks.map(String), ['once'], 'what was stored')
    },
  },
  {
    id: 'client/create-retries-server-errors',
    section: '5.1',
    level: 'SHOULD',
    title: 'a create that meets 503 is tried again',
    async run(ctx) {
      const path = ctx.newPath()
      ctx.stage.script(path, 'PUT', answer(503))
      await ctx.ok({ type: 'create', path, contentType: 'text/plain' })
      equal(ctx.stage.stream(path)?.contentType, 'text/plain', 'the content type')
    },
  },
  {
    id: 'client/truncated-bodies-are-no-data',
    section: '5.6',
    level: 'MUST',
    title: 'a body that ends before its announced length is never handed out as the content',
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['the whole content'] })
      ctx.stage.script(path, 'READ', truncate('the whole content', TEXT_HEADERS, 9))
      const result = await ctx.send({ type: 'read', path, timeoutMs: 10_000 })
      if (result.success) equal(textOf(result), 'the whole content', 'the content')
    },
  },
  {
    id: 'client/truncated-json-is-no-data',
    section: '9.1',
    level: 'MUST',
    title:
      'JSON that ends in the middle is an error or is read again, and no message of it is lost or made up',
    async run(ctx) {
      const { path } = await ctx.staged({ contentType: 'application/json', chunks: ['{"a":1}', '{"b":2}'] })
      const headers = { ...TEXT_HEADERS, 'Content-Type': 'application/json' }
      ctx.stage.script(path, 'READ', truncate('[{"a":1},{"b":2}]', headers, 9))
      const result = await ctx.send({ type: 'read', path, timeoutMs: 10_000 })
      if (result.success) equal(JSON.parse(textOf(result)), [{ a: 1 }, { b: 2 }], 'the messages')
    },
  },
  {
    id: 'client/strange-answers-are-no-data',
    section: '5.6',
    level: 'SHOULD',
    title: 'a page of some proxy, without the headers of the protocol, is an error and no data',
    async run(ctx) {
      const { path } = await ctx.staged({ chunks: ['x'] })
      const page = answer(200, { 'Content-Type': 'text/html' }, '<h1>Please log in</h1>')
      ctx.stage.script(path, 'READ', page, page, page)
      const result = await ctx.send({ type: 'read', path, timeoutMs: 4000 })
      if (result.success && textOf(result).includes('log in')) ctx.fail('expected no data, got the page')
    },
  },
])
