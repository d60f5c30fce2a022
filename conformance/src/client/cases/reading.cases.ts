import { equal } from '../../server/assertions.js'
import type { AdapterCommand } from '../adapter-protocol.js'
import type { ClientCase } from '../client-case.js'
import { messagesOf, textOf } from '../client-context.js'
import { pause } from '../stage/misbehaviour.js'
import { defineClientCases } from './define-client-cases.js'

const TEXT = 'text/plain'
const JSON_TYPE = 'application/json'
/** Long enough for a client to have begun to follow. */
const SETTLE_MS = 250

type Live = NonNullable<Extract<AdapterCommand, { readonly type: 'read' }>['live']>

/** The same fact about each way to follow live. */
function forEachMode(
  define: (mode: 'long-poll' | 'sse', name: string) => Omit<ClientCase, 'on' | 'needs'>,
): Omit<ClientCase, 'on'>[] {
  return [
    { ...define('long-poll', 'long-poll'), needs: ['longPoll'] },
    { ...define('sse', 'SSE'), needs: ['sse'] },
  ]
}

/** Reading, on any server. */
export const readingCases: readonly ClientCase[] = defineClientCases('any', [
  {
    id: 'client/reads-from-the-beginning',
    section: '8',
    level: 'MUST',
    title: 'a read without an offset, like one from -1, begins at the beginning',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'append', path, data: 'all of it' })
      equal(textOf(await ctx.read(path)), 'all of it', 'what a read without an offset returns')
      equal(textOf(await ctx.read(path, { offset: '-1' })), 'all of it', 'what a read from -1 returns')
    },
  },
  {
    id: 'client/resumes-from-a-stored-offset',
    section: '8',
    level: 'MUST',
    title: 'the offset at the end of a read is where the next one goes on',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'append', path, data: 'before ' })
      const offset =
        (await ctx.read(path)).offset ?? ctx.fail('expected the result of a read to carry an offset')
      await ctx.ok({ type: 'append', path, data: 'after' })
      equal(textOf(await ctx.read(path, { offset })), 'after', 'what was appended since')
      const head = await ctx.ok({ type: 'head', path })
      equal(head.offset, (await ctx.read(path)).offset, 'the tail by HEAD')
    },
  },
  {
    id: 'client/empty-streams-are-read',
    section: '5.6',
    level: 'MUST',
    title: 'a read of an empty stream is a success without data',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE]) {
        const read = await ctx.read(await ctx.created(type))
        const chunks = (read.chunks ?? []).filter(({ data }) => data !== '' && data !== '[]')
        equal(chunks, [], `the chunks of an empty stream of ${type}`)
        equal(read.upToDate, true, 'upToDate')
      }
    },
  },
  ...forEachMode((live, name) => ({
    id: `client/follows-${live}`,
    section: live === 'sse' ? '5.8' : '5.7',
    level: 'MUST',
    title: `by ${name} a reader gets what is there and what is appended later, up to the closure`,
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.appendDirectly(path, 'there ')
      const reading = ctx.read(path, { live, timeoutMs: 8000 })
      await pause(SETTLE_MS)
      await ctx.appendDirectly(path, 'later ')
      await pause(SETTLE_MS)
      await ctx.appendDirectly(path, 'last', { close: true })
      equal(textOf(await reading), 'there later last', 'what the reader got')
    },
  })),
  ...forEachMode((live, name) => ({
    id: `client/follows-json-${live}`,
    section: '9.1',
    level: 'MUST',
    title: `by ${name} the messages of a JSON stream arrive whole and in order`,
    async run(ctx) {
      const path = await ctx.created(JSON_TYPE)
      await ctx.appendDirectly(path, '[1,{"a":[2]}]', { contentType: JSON_TYPE })
      const reading = ctx.read(path, { live, timeoutMs: 8000 })
      await pause(SETTLE_MS)
      await ctx.appendDirectly(path, '["three\\nfour"]', { contentType: JSON_TYPE, close: true })
      equal(messagesOf(await reading), [1, { a: [2] }, 'three\nfour'], 'the messages')
    },
  })),
  ...forEachMode((live, name) => ({
    id: `client/starts-now-${live}`,
    section: '8',
    level: 'MUST',
    title: `by ${name} from now a reader gets nothing that was there before`,
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.appendDirectly(path, 'before')
      const reading = ctx.read(path, { live, offset: 'now', timeoutMs: 8000 })
      await pause(2 * SETTLE_MS)
      await ctx.appendDirectly(path, 'after', { close: true })
      equal(textOf(await reading), 'after', 'what the reader got')
    },
  })),
  ...forEachMode((live, name) => ({
    id: `client/ends-at-a-closed-stream-${live}`,
    section: live === 'sse' ? '5.8' : '5.7',
    level: 'MUST',
    title: `by ${name} a read of a closed stream ends by itself`,
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.appendDirectly(path, 'all', { close: true })
      const startedAt = performance.now()
      const read = await ctx.read(path, { live, timeoutMs: 6000 })
      equal(textOf(read), 'all', 'what the reader got')
      const elapsedMs = performance.now() - startedAt
      if (elapsedMs > 5000) ctx.fail(`expected the read to end at once, it took ${Math.round(elapsedMs)} ms`)
    },
  })),
  {
    id: 'client/binary-survives-sse',
    section: '5.8',
    level: 'MUST',
    title: 'by SSE bytes that are no text arrive as they were appended',
    needs: ['sse'],
    async run(ctx) {
      const path = await ctx.created('application/octet-stream')
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      await ctx.appendDirectly(path, bytes, { contentType: 'application/octet-stream', close: true })
      const { chunks = [] } = await ctx.read(path, { live: 'sse' satisfies Live })
      // An adapter that tells chunks as text can show no more than what is text of the bytes.
      const expected = chunks.some(({ binary }) => binary === true)
        ? Buffer.from(bytes).toString('base64')
        : Buffer.from(new TextDecoder().decode(bytes)).toString('base64')
      const received = chunks.map(({ data, binary }) =>
        Buffer.from(data, binary === true ? 'base64' : 'utf8'),
      )
      equal(Buffer.concat(received).toString('base64'), expected, 'the bytes, as base64')
    },
  },
])
