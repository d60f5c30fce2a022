import { CREATED_AT, pathOf } from '../records.js'
import { check, equal } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import type { Version } from '@ds/core'

export const reopenCases: readonly StoreCase[] = defineStoreCases('reopen', [
  {
    id: 'everything-is-there',
    need: 'kept',
    title: 'what was committed is there after the store was closed and opened: records, bytes, entries, list',
    async run(ctx) {
      const long = 'abcdefghij'.repeat(30_000)
      await ctx.create('a', { text: 'abc', entries: { 'p:a': '1', 'p:b': '2' } })
      await ctx.update('a', {
        text: long,
        entries: { 'p:b': null, 'p:c': '3' },
        record: { lastStreamSeq: '9' },
      })
      await ctx.create('b/\u{1f600}', { text: 'forked', record: { base: 77 } })
      await ctx.create('empty')
      await ctx.create('gone', { text: 'x', entries: { 'p:a': '1' } })
      await ctx.remove('gone')
      const before = await ctx.load('a', ['p:a', 'p:b', 'p:c'])
      for (let round = 0; round < 3; round++) {
        await ctx.reopen()
        const after = await ctx.load('a', ['p:a', 'p:b', 'p:c'])
        equal(after.record, before.record, 'the record')
        equal(after.commitId, before.commitId, 'the commit id')
        equal([...after.entries].sort(), [...before.entries].sort(), 'the entries')
        equal(await ctx.readAll('a'), `abc${long}`, 'the bytes')
        equal(await ctx.readAll('b/\u{1f600}'), 'forked', 'the bytes of a fork')
        equal(await ctx.find('gone', ['p:a']), null, 'load of a stream that was removed')
        equal(await ctx.list(), ['a', 'b/\u{1f600}', 'empty'], 'the list')
      }
    },
  },
  {
    id: 'goes-on',
    need: 'kept',
    title: 'commits, appends, watches and removals go on where they were',
    async run(ctx) {
      await ctx.create('s', { text: 'a' })
      for (const text of ['b', 'c', 'd']) {
        await ctx.reopen()
        const probe = ctx.watch('s')
        await ctx.update('s', { text, entries: { [`p:${text}`]: '1' } })
        await probe.expect(
          'the commit',
          0,
          async () => (await ctx.load('s', [`p:${text}`])).entries.size === 1,
        )
        probe.end()
      }
      equal(await ctx.readAll('s'), 'abcd', 'the bytes')
      await ctx.reopen()
      await ctx.remove('s')
      await ctx.reopen()
      equal(await ctx.find('s'), null, 'the stream that was removed')
    },
  },
  {
    id: 'versions-never-return',
    need: 'kept',
    title: 'no version comes back, though the store was closed and opened and the stream removed in between',
    async run(ctx) {
      const versions: Version[] = []
      for (let round = 0; round < 4; round++) {
        versions.push(await ctx.create('s'))
        versions.push(await ctx.update('s', { text: 'x' }))
        await ctx.remove('s')
        if (round > 0) await ctx.reopen()
      }
      equal(new Set(versions).size, versions.length, 'different versions')
    },
  },
  {
    id: 'windows-do-not-go-back',
    need: 'kept',
    title: 'the window starts no earlier than before: touches are kept, or opening counts as one',
    async run(ctx) {
      await ctx.create('touched', { record: { expiry: { kind: 'ttl', seconds: 10 } } })
      await ctx.store.touch(
        pathOf('touched'),
        (await ctx.load('touched')).record.streamId,
        CREATED_AT + 5_000,
      )
      await ctx.reopen()
      const { touchedAt } = await ctx.load('touched')
      check(
        touchedAt >= CREATED_AT + 5_000,
        `the window starts at ${touchedAt - CREATED_AT} ms instead of 5000`,
      )
    },
  },
  {
    id: 'due-goes-on',
    need: 'kept',
    title: 'streams that can become due are still named',
    async run(ctx) {
      await ctx.create('at', { record: { expiry: { kind: 'at', atMs: CREATED_AT } } })
      await ctx.create('window', { record: { expiry: { kind: 'ttl', seconds: 1 } } })
      await ctx.create('unsettled', { record: { unsettledSince: CREATED_AT } })
      await ctx.create('never')
      await ctx.reopen()
      const named = new Set<string>()
      for (let call = 0; call < 50 && named.size < 3; call++) {
        for (const path of await ctx.due(9e12)) named.add(path)
      }
      equal([...named].sort(), ['at', 'unsettled', 'window'], 'the streams that are named')
    },
  },
  {
    id: 'volatile-comes-back-empty',
    need: 'volatile-reopen',
    title: 'a volatile store is empty when it is opened again',
    async run(ctx) {
      await ctx.create('s', { text: 'a' })
      await ctx.reopen()
      equal(await ctx.find('s'), null, 'load')
      equal(await ctx.list(), [], 'list')
    },
  },
])
