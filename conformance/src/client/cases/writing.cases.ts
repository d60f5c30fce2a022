import { equal } from '../../server/assertions.js'
import type { ClientCase } from '../client-case.js'
import { messagesOf, textOf } from '../client-context.js'
import { defineClientCases } from './define-client-cases.js'

const TEXT = 'text/plain'
const JSON_TYPE = 'application/json'
const PRODUCER = { producerId: 'p', epoch: 0, autoClaim: false } as const

/** Creating, appending, closing and deleting, on any server. */
export const writingCases: readonly ClientCase[] = defineClientCases('any', [
  {
    id: 'client/creates-streams',
    section: '5.1',
    level: 'MUST',
    title: 'a created stream exists, with its content type',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      const head = await ctx.ok({ type: 'head', path })
      equal(head.contentType?.split(';')[0], TEXT, 'the content type')
    },
  },
  {
    id: 'client/create-conflicts-are-told',
    section: '5.1',
    level: 'MUST',
    title: 'creating a stream with another content type than it has is an error',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.fails({ type: 'create', path, contentType: JSON_TYPE }, 409)
    },
  },
  {
    id: 'client/missing-streams-are-told',
    section: '5.6',
    level: 'MUST',
    title: 'connecting to, reading, and deleting a stream that does not exist are errors',
    async run(ctx) {
      const path = ctx.newPath()
      await ctx.fails({ type: 'connect', path }, 404)
      await ctx.fails({ type: 'read', path, timeoutMs: 5000 }, 404)
      await ctx.fails({ type: 'delete', path }, 404)
    },
  },
  {
    id: 'client/appends-text',
    section: '5.2',
    level: 'MUST',
    title: 'appends come back in order, whatever characters they hold',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      const parts = ['one\n', ' two ', 'Grüße, 世界 👋', '\r\n\ttab']
      for (const data of parts) await ctx.ok({ type: 'append', path, data })
      equal(textOf(await ctx.read(path)), parts.join(''), 'the content')
    },
  },
  {
    id: 'client/appends-json',
    section: '9.1',
    level: 'MUST',
    title: 'each append to a JSON stream is one message',
    async run(ctx) {
      const path = await ctx.created(JSON_TYPE)
      for (const data of ['{"n":1}', '"two"', 'null']) await ctx.ok({ type: 'append', path, data })
      equal(messagesOf(await ctx.read(path)), [{ n: 1 }, 'two', null], 'the messages')
    },
  },
  {
    id: 'client/appends-megabytes',
    section: '5.2',
    level: 'MUST',
    title: 'a megabyte comes back as it was sent',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      const data = 'abcdefgh'.repeat(1 << 17)
      await ctx.ok({ type: 'append', path, data })
      const text = textOf(await ctx.read(path))
      equal([text.length, text === data], [data.length, true], 'length and equality of what came back')
    },
  },
  {
    id: 'client/sequence-conflicts-are-told',
    section: '5.2',
    level: 'MUST',
    title: 'an append whose Stream-Seq does not rise is an error, and is not stored',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'append', path, data: 'a', seq: 5 })
      await ctx.fails({ type: 'append', path, data: 'b', seq: 5 }, 409)
      equal(textOf(await ctx.read(path)), 'a', 'the content')
    },
  },
  {
    id: 'client/closes-streams',
    section: '5.3',
    level: 'MUST',
    title: 'a closed stream keeps its content, and an append to it is an error',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'append', path, data: 'a' })
      await ctx.ok({ type: 'close', path })
      await ctx.fails({ type: 'append', path, data: 'b' }, 409)
      equal(textOf(await ctx.read(path)), 'a', 'the content')
    },
  },
  {
    id: 'client/closes-with-a-last-body',
    section: '5.2',
    level: 'MUST',
    title: 'a close with data appends it',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'append', path, data: 'first ' })
      await ctx.ok({ type: 'close', path, data: 'last', contentType: TEXT })
      const read = await ctx.read(path)
      equal(textOf(read), 'first last', 'the content')
      if (read.streamClosed === false) ctx.fail('expected the read to know of the closure')
    },
  },
  {
    id: 'client/closing-again-succeeds',
    section: '4.1',
    level: 'SHOULD',
    title: 'closing a closed stream succeeds',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'close', path })
      await ctx.ok({ type: 'close', path })
    },
  },
  {
    id: 'client/deletes-streams',
    section: '5.4',
    level: 'MUST',
    title: 'a deleted stream is gone',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'delete', path })
      await ctx.fails({ type: 'head', path }, 404)
    },
  },
  {
    id: 'client/produces-in-order',
    section: '5.2.1',
    level: 'MUST',
    title: 'what an idempotent producer appends is stored once and in order',
    async run(ctx) {
      const path = await ctx.created(JSON_TYPE)
      const items = Array.from({ length: 25 }, (_, index) => JSON.stringify({ index }))
      await ctx.ok({ type: 'idempotent-append-batch', path, items, ...PRODUCER })
      equal(
        messagesOf(await ctx.read(path)).map((item) => JSON.stringify(item)),
        items,
        'the messages',
      )
    },
  },
  {
    id: 'client/produces-in-order-pipelined',
    section: '5.2.1',
    level: 'MUST',
    title: 'several requests of a producer under way at once store everything once and in order',
    async run(ctx) {
      const path = await ctx.created(JSON_TYPE)
      const items = Array.from({ length: 20 }, (_, index) => JSON.stringify({ index }))
      await ctx.ok({ type: 'idempotent-append-batch', path, items, maxInFlight: 5, ...PRODUCER })
      equal(
        messagesOf(await ctx.read(path)).map((item) => JSON.stringify(item)),
        items,
        'the messages',
      )
    },
  },
  {
    id: 'client/producer-closes',
    section: '5.2.1',
    level: 'MUST',
    title: 'a producer closes with a last message',
    async run(ctx) {
      const path = await ctx.created(TEXT)
      await ctx.ok({ type: 'idempotent-append', path, data: 'first ', ...PRODUCER })
      await ctx.ok({ type: 'idempotent-close', path, data: 'last', ...PRODUCER })
      equal(textOf(await ctx.read(path)), 'first last', 'the content')
      await ctx.fails({ type: 'append', path, data: 'more' }, 409)
    },
  },
])
