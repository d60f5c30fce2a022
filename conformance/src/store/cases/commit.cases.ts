import { bytesOf, changeOf, pathOf, recordOf } from '../records.js'
import { check, equal, fail } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import type { Version } from '@ds/core'

export const commitCases: readonly StoreCase[] = defineStoreCases('commit', [
  {
    id: 'null-expects-nothing',
    title: 'a commit that expects nothing succeeds only where there is no stream',
    async run(ctx) {
      const record = recordOf({ streamId: ctx.newStreamId() })
      await ctx.commit('s', null, changeOf(record))
      await ctx.expectConflict('s', null, changeOf(record))
      await ctx.expectConflict('s', null, changeOf(null))
      await ctx.remove('s')
      await ctx.commit('s', null, changeOf(recordOf({ streamId: ctx.newStreamId() })))
    },
  },
  {
    id: 'wrong-version-conflicts',
    title: 'a commit on any other version than the present one conflicts',
    async run(ctx) {
      const other = await ctx.create('other')
      await ctx.expectConflict('s', other, changeOf(recordOf({ streamId: ctx.newStreamId() })))
      const first = await ctx.create('s')
      const second = await ctx.update('s', { text: 'a' })
      const { record } = await ctx.load('s')
      for (const wrong of [null, first, 'no-version', '', -1, 0.5, Number.MAX_SAFE_INTEGER] as const) {
        await ctx.expectConflict('s', wrong, changeOf({ ...record, closed: true }))
        await ctx.expectConflict('s', wrong, changeOf(null))
      }
      await ctx.commit('s', second, changeOf({ ...record, closed: true }))
    },
  },
  {
    id: 'conflict-changes-nothing',
    title: 'a commit that conflicts leaves record, bytes, entries, window and version as they were',
    async run(ctx) {
      const old = await ctx.create('s', { text: 'abc', entries: { 'p:a': '1' } })
      await ctx.update('s', { text: 'd' })
      const before = await ctx.load('s', ['p:a', 'p:b'])
      const change = changeOf(
        { ...before.record, tail: 9, closed: true },
        {
          bytes: [bytesOf('12345')],
          entries: new Map([
            ['p:a', null],
            ['p:b', '2'],
          ]),
          touchedAt: 9e12,
        },
      )
      await ctx.expectConflict('s', old, change)
      await ctx.expectConflict('s', null, { ...change, record: recordOf({ streamId: ctx.newStreamId() }) })
      const after = await ctx.load('s', ['p:a', 'p:b'])
      equal(
        { ...after, entries: [...after.entries] },
        { ...before, entries: [...before.entries] },
        'the stream',
      )
      equal(await ctx.readAll('s'), 'abcd', 'the bytes')
      await ctx.expectConflict('nothing', old, change)
      equal(await ctx.find('nothing'), null, 'what a conflict leaves where nothing is')
      equal(await ctx.list(), ['s'], 'the list')
    },
  },
  {
    id: 'versions-never-return',
    title: 'no version comes back at a path, not even after the stream was removed',
    async run(ctx) {
      const versions: Version[] = []
      for (let round = 0; round < 5; round++) {
        versions.push(await ctx.create('s'))
        versions.push(await ctx.update('s', { text: 'x' }))
        versions.push(
          await ctx.update('s', { record: { streamId: ctx.newStreamId(), tail: 0 }, touchedAt: 1 }),
        )
        await ctx.remove('s')
      }
      equal(new Set(versions).size, versions.length, 'different versions')
    },
  },
  {
    id: 'old-version-after-removal-conflicts',
    title: 'a version of a stream that was removed is not taken for one of its successor',
    async run(ctx) {
      const old = await ctx.create('s', { text: 'abc' })
      const { record } = await ctx.load('s')
      await ctx.remove('s')
      await ctx.expectConflict('s', old, changeOf(record))
      await ctx.create('s', { text: 'abc' })
      await ctx.expectConflict('s', old, changeOf({ ...record, closed: true }))
      equal(await ctx.readAll('s'), 'abc', 'the bytes of the successor')
    },
  },
  {
    id: 'repeated-change-conflicts',
    title: 'the same change on the same version does not take place twice',
    async run(ctx) {
      const version = await ctx.create('s')
      const { record } = await ctx.load('s')
      const change = changeOf({ ...record, tail: 3 }, { bytes: [bytesOf('abc')] })
      await ctx.commit('s', version, change)
      await ctx.expectConflict('s', version, change)
      equal(await ctx.readAll('s'), 'abc', 'the bytes')
    },
  },
  {
    id: 'all-in-one-step',
    title: 'record, bytes, entries and window change together',
    async run(ctx) {
      await ctx.create('s', { text: 'ab', entries: { 'p:a': '1', 'p:b': '1' } })
      await ctx.update('s', {
        text: 'cd',
        entries: { 'p:a': '2', 'p:b': null, 'f:c': '3' },
        record: { closed: true, lastStreamSeq: '7' },
        touchedAt: 2_000_000,
      })
      const { record, entries, touchedAt } = await ctx.load('s', ['p:a', 'p:b', 'f:c'])
      equal(
        [record.closed, record.lastStreamSeq, record.tail, touchedAt],
        [true, '7', 4, 2_000_000],
        'the record',
      )
      equal(
        [...entries].sort(),
        [
          ['f:c', '3'],
          ['p:a', '2'],
        ],
        'the entries',
      )
      equal(await ctx.readAll('s'), 'abcd', 'the bytes')
    },
  },
  {
    id: 'bytes-in-pieces',
    title: 'bytes are stored in the order of their pieces, empty ones and views of larger buffers included',
    async run(ctx) {
      const whole = bytesOf('..abcdefgh..')
      const pieces = [whole.subarray(2, 5), whole.subarray(5, 5), Buffer.from('DE'), whole.subarray(7, 10)]
      const record = recordOf({ streamId: ctx.newStreamId(), tail: 8 })
      await ctx.commit('s', null, changeOf(record, { bytes: pieces }))
      equal(await ctx.readAll('s'), 'abcDEfgh', 'the bytes')
      await ctx.create('empty')
      await ctx.commit(
        'empty',
        (await ctx.load('empty')).version,
        changeOf((await ctx.load('empty')).record, { bytes: [new Uint8Array(0)] }),
      )
      equal((await ctx.load('empty')).record.tail, 0, 'the tail of a stream without bytes')
    },
  },
  {
    id: 'every-byte',
    title: 'all 256 byte values are stored as they are',
    async run(ctx) {
      const text = Array.from({ length: 1024 }, (_, i) => String.fromCharCode((i * 7) % 256)).join('')
      await ctx.create('s', { text })
      equal(await ctx.readAll('s', 100), text, 'the bytes')
    },
  },
  {
    id: 'bytes-may-be-reused',
    title: 'the caller may write over its bytes as soon as the commit has ended',
    async run(ctx) {
      const bytes = bytesOf('abcdef')
      const record = recordOf({ streamId: ctx.newStreamId(), tail: 6 })
      await ctx.commit('s', null, changeOf(record, { bytes: [bytes] }))
      bytes.fill(0x3f)
      equal(await ctx.readAll('s'), 'abcdef', 'the bytes')
    },
  },
  {
    id: 'leaves-its-arguments-alone',
    title: 'the store never writes to the records, bytes and entries that it was given',
    async run(ctx) {
      const record = recordOf({ streamId: ctx.newStreamId(), tail: 3 })
      const entries = new Map([['p:a', '1']])
      const change = changeOf(record, { bytes: [bytesOf('abc')], entries, touchedAt: 5 })
      const copy = structuredClone({ ...change, entries: [...entries] })
      await ctx.commit('s', null, change)
      await ctx.update('s', { text: 'd', entries: { 'p:a': '2' }, record: { closed: true }, touchedAt: 9 })
      await ctx.update('s', { record: { streamId: ctx.newStreamId(), tail: 0 }, touchedAt: 1 })
      equal({ ...change, entries: [...entries] }, copy, 'what the first commit was given')
    },
  },
  {
    id: 'bytes-follow-the-base',
    title: "a fork's bytes begin at its base",
    async run(ctx) {
      await ctx.create('s', { text: 'abc', record: { base: 1000, start: 0 } })
      await ctx.update('s', { text: 'def' })
      const { streamId, base, tail } = (await ctx.load('s')).record
      equal([base, tail], [1000, 1006], 'base and tail')
      equal(await ctx.readPage('s', streamId, 1002, 3), 'cde'.slice(0, 3), 'the bytes from 1002 on')
      equal(await ctx.readAll('s'), 'abcdef', 'all bytes')
    },
  },
  {
    id: 'removal-leaves-nothing',
    title: 'a removal takes record, bytes, entries, and the places in list and due with it',
    async run(ctx) {
      await ctx.create('s', {
        text: 'abc',
        entries: { 'p:a': '1' },
        record: { expiry: { kind: 'at', atMs: 5 } },
      })
      const { streamId } = (await ctx.load('s')).record
      await ctx.remove('s')
      equal(await ctx.find('s', ['p:a']), null, 'load')
      equal(await ctx.readPage('s', streamId, 0, 10), null, 'read')
      equal(await ctx.list(), [], 'list')
      equal(await ctx.due(9e12), [], 'due')
    },
  },
  {
    id: 'one-stream-only',
    title: 'a commit changes no other stream',
    async run(ctx) {
      for (const path of ['a', 'a/b', 'ab']) await ctx.create(path, { text: path, entries: { 'p:a': path } })
      const before = new Map<string, Version>()
      for (const path of ['a/b', 'ab']) before.set(path, (await ctx.load(path)).version)
      await ctx.update('a', { text: '!', entries: { 'p:a': null } })
      await ctx.remove('a')
      for (const [path, version] of before) {
        const loaded = await ctx.load(path, ['p:a'])
        equal([loaded.version, loaded.entries.get('p:a')], [version, path], `the state of ${path}`)
        equal(await ctx.readAll(path), path, `the bytes of ${path}`)
      }
    },
  },
  {
    id: 'large',
    title: 'a commit of several MiB is stored whole, and readable in pages of any size',
    async run(ctx) {
      const { commitBytes } = ctx.settings
      const bytes = Buffer.allocUnsafe(commitBytes)
      for (let i = 0; i + 4 <= commitBytes; i += 4) bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i)
      const streamId = ctx.newStreamId()
      const record = recordOf({ streamId, tail: 1 + commitBytes })
      await ctx.create('s', { text: '!', record: { streamId } })
      await ctx.commit('s', (await ctx.load('s')).version, changeOf(record, { bytes: [bytes] }))
      for (let at = 0; at < commitBytes;) {
        const limit = at % 3 === 0 ? 100_000 : 65_537
        const pieces =
          (await ctx.store.read(pathOf('s'), streamId, 1 + at, limit)) ?? fail('read finds nothing')
        const page = Buffer.concat([...pieces])
        check(page.length > 0 && page.length <= limit, `read gives ${page.length} bytes of ${limit}`)
        check(page.equals(bytes.subarray(at, at + page.length)), `other bytes at ${at} than were committed`)
        at += page.length
      }
    },
  },
])
