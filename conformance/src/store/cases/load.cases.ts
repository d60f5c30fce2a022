import type { StreamRecord } from '@ds/core'
import { bytesOf, changeOf, pathOf, recordOf, streamIdOf } from '../records.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

/** No field has the value that a new stream's has. */
const FULL_RECORD: StreamRecord = recordOf({
  streamId: streamIdOf(0xabcdef),
  state: 'soft-deleted',
  contentType: 'Text/Plain; charset="utf-8"; note="\u00e4\u{1f600}\\\\"',
  createdAt: 1_700_000_000_123,
  start: 3,
  base: 3,
  tail: 7,
  closed: true,
  closedBy: { id: 'producer "1"', epoch: 9_007_199_254_740_991, seq: 0 },
  lastStreamSeq: '0009~\u00e4',
  expiry: { kind: 'at', atMs: 1_800_000_000_456 },
  lineage: [
    { path: pathOf('source'), streamId: streamIdOf(1), end: 1 },
    { path: pathOf('source/of \u{1f600}'), streamId: streamIdOf(2), end: 3 },
  ],
  origin: { path: pathOf('source/of \u{1f600}'), streamId: streamIdOf(2), anchor: 2, subOffset: 1 },
  forkDepth: 2,
  forkCount: 5,
  pendingForks: [{ streamId: streamIdOf(3), path: pathOf('fork'), since: 1_700_000_000_200 }],
  producerCount: 4,
  unsettledSince: 1_700_000_000_300,
})

/** Different for the store, however much alike they look. */
const ALIKE: readonly string[] = [
  'a',
  'A',
  'a/a',
  'a//b',
  'a/b',
  'a%2fb',
  'a:b',
  'a b',
  'a b ',
  '\u00e4',
  'a\u0308',
  '{a}',
  '*',
  'a?b',
  '__proto__',
  'constructor',
  '\u{1f600}',
  '\u{1f601}',
]

/** The same for no two of {@link ALIKE}. */
function textFor(path: string): string {
  return `<${ALIKE.indexOf(path)}>`
}

export const loadCases: readonly StoreCase[] = defineStoreCases('load', [
  {
    id: 'absent-is-null',
    title: 'where no stream is, load gives null, and read too',
    async run(ctx) {
      equal(await ctx.find('nothing', ['p:a']), null, 'load')
      equal(await ctx.readPage('nothing', ctx.newStreamId(), 0, 10), null, 'read')
    },
  },
  {
    id: 'record-comes-back-whole',
    title: 'the record comes back with every field as it was, those that the store does not know of included',
    async run(ctx) {
      const record = { ...FULL_RECORD, ofLater: { list: [1, null, 'x'], flag: false } }
      await ctx.commit('full', null, changeOf(record, { bytes: [bytesOf('wxyz')], touchedAt: 5 }))
      equal((await ctx.load('full')).record, record, 'the record')
      const changed = {
        ...record,
        closedBy: null,
        origin: null,
        lineage: [],
        tail: 8,
        expiry: { kind: 'never' as const },
      }
      await ctx.commit('full', (await ctx.load('full')).version, changeOf(changed, { bytes: [bytesOf('!')] }))
      equal((await ctx.load('full')).record, changed, 'the record after a change')
      equal(await ctx.readAll('full'), 'wxyz!', 'the bytes')
    },
  },
  {
    id: 'sees-what-was-acknowledged',
    title: 'load shows a commit as soon as it was acknowledged, with its version and its commit id',
    async run(ctx) {
      let version = await ctx.create('s')
      for (let i = 1; i <= 50; i++) {
        const { record } = await ctx.load('s')
        const change = changeOf({ ...record, tail: i }, { bytes: [bytesOf('x')] })
        version = await ctx.commit('s', version, change)
        const loaded = await ctx.load('s')
        equal([loaded.version, loaded.commitId, loaded.record.tail], [version, change.commitId, i], 'load')
        equal(await ctx.readPage('s', record.streamId, i - 1, 1), 'x', 'read')
      }
    },
  },
  {
    id: 'does-not-change-afterwards',
    title: 'what load has given stays as it was, whatever is committed later',
    async run(ctx) {
      await ctx.create('s', { text: 'abc', entries: { 'p:a': '1', 'p:b': '1' } })
      const loaded = await ctx.load('s', ['p:a', 'p:b', 'p:c'])
      const copy = structuredClone(loaded)
      await ctx.update('s', {
        text: 'def',
        entries: { 'p:a': '2', 'p:b': null, 'p:c': '3' },
        record: { closed: true },
        touchedAt: loaded.touchedAt + 9,
      })
      equal(
        { ...loaded, entries: [...loaded.entries] },
        { ...copy, entries: [...copy.entries] },
        'what was loaded',
      )
    },
  },
  {
    id: 'paths-are-apart',
    title: 'paths that look alike are different streams',
    async run(ctx) {
      for (const path of ALIKE) await ctx.create(path, { text: textFor(path) })
      for (const path of ALIKE) {
        equal(await ctx.readAll(path), textFor(path), `the bytes of ${path}`)
      }
      for (const path of ALIKE) {
        await ctx.remove(path)
        equal(await ctx.find(path), null, `load of ${path} after its removal`)
      }
    },
  },
  {
    id: 'long-paths',
    title: 'paths of 1,024 UTF-16 units work, however many bytes they are and however late they differ',
    async run(ctx) {
      const stems = ['a'.repeat(1023), '\u20ac'.repeat(1023), `${'\u{1f600}'.repeat(511)}a`]
      const paths = stems.flatMap((stem) => [`${stem}a`, `${stem}b`])
      for (const path of paths)
        await ctx.create(path, { text: path.slice(-1), entries: { 'p:a': path.slice(-1) } })
      for (const path of paths) {
        equal(await ctx.readAll(path), path.slice(-1), 'the bytes')
        equal((await ctx.load(path, ['p:a'])).entries.get('p:a'), path.slice(-1), 'the entry')
      }
      await ctx.remove(paths[0]!)
      equal(await ctx.find(paths[0]!), null, 'load of the one that was removed')
      equal((await ctx.load(paths[1]!)).record.tail, 1, 'the tail of the one beside it')
    },
  },
  {
    id: 'commit-ids',
    title: 'commit ids of 1 to 64 characters come back',
    async run(ctx) {
      await ctx.create('s', { commitId: 'x' })
      equal((await ctx.load('s')).commitId, 'x', 'the shortest id')
      const longest = '0123456789abcdef'.repeat(4)
      await ctx.update('s', { commitId: longest })
      equal((await ctx.load('s')).commitId, longest, 'the longest id')
    },
  },
])
