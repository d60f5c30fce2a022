import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

export const incarnationCases: readonly StoreCase[] = defineStoreCases('incarnations', [
  {
    id: 'replaced-in-one-step',
    title: 'a record with another id replaces the stream: old bytes and entries go in the same step',
    async run(ctx) {
      await ctx.create('s', { text: 'old', entries: { 'p:a': '1' }, touchedAt: 9_000_000 })
      const old = (await ctx.load('s')).record.streamId
      const streamId = ctx.newStreamId()
      await ctx.update('s', {
        text: 'new!',
        record: { streamId, tail: 4, createdAt: 2_000_000 },
        entries: { 'p:b': '2' },
        touchedAt: 2_000_000,
      })
      equal(await ctx.readPage('s', old, 0, 10), null, 'read of the old one')
      equal(await ctx.readAll('s'), 'new!', 'the bytes of the new one')
      const { entries, touchedAt } = await ctx.load('s', ['p:a', 'p:b'])
      equal([...entries], [['p:b', '2']], 'the entries')
      equal(touchedAt, 2_000_000, 'the start of the window, which is earlier than the old one')
      equal(await ctx.list(), ['s'], 'the list')
    },
  },
  {
    id: 'replaced-by-nothing-much',
    title: 'a replacement without bytes and entries leaves an empty stream',
    async run(ctx) {
      await ctx.create('s', { text: 'x'.repeat(100_000), entries: { 'p:a': '1' } })
      await ctx.update('s', { record: { streamId: ctx.newStreamId(), tail: 0 }, touchedAt: 1_000_000 })
      const { record, entries } = await ctx.load('s', ['p:a'])
      equal([record.tail, entries.size], [0, 0], 'tail and entries')
      await ctx.update('s', { text: 'y' })
      equal(await ctx.readAll('s'), 'y', 'the bytes')
    },
  },
  {
    id: 'begins-with-nothing',
    title: 'a stream that is created where another was removed has none of its bytes',
    async run(ctx) {
      await ctx.create('s', { text: 'a long text that the next one would show' })
      const old = (await ctx.load('s')).record.streamId
      await ctx.remove('s')
      await ctx.create('s', { text: 'short' })
      equal(await ctx.readAll('s'), 'short', 'the bytes')
      equal(await ctx.readPage('s', old, 0, 10), null, 'read of the old one')
    },
  },
  {
    id: 'not-read-in-place-of-another',
    title: 'read gives null for an id that the stream does not have',
    async run(ctx) {
      await ctx.create('a', { text: 'aaa' })
      await ctx.create('b', { text: 'bbb' })
      const { streamId } = (await ctx.load('a')).record
      equal(await ctx.readPage('b', streamId, 0, 3), null, "another path's id")
      equal(await ctx.readPage('a', ctx.newStreamId(), 0, 3), null, 'an id that nobody has')
    },
  },
  {
    id: 'soft-deleted-is-read',
    title: 'the bytes of a soft-deleted stream stay readable',
    async run(ctx) {
      await ctx.create('s', { text: 'kept', record: { forkCount: 1 } })
      await ctx.update('s', { record: { state: 'soft-deleted' } })
      equal((await ctx.load('s')).record.state, 'soft-deleted', 'the state')
      equal(await ctx.readAll('s'), 'kept', 'the bytes')
    },
  },
])
