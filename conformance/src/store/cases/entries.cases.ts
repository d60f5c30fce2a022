import { bytesOf, changeOf } from '../records.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

const sorted = (entries: ReadonlyMap<string, string>): [string, string][] => [...entries].sort()

/** Keys and values that a store might take for something else. */
const ODD: Readonly<Record<string, string>> = {
  'p:': 'an empty producer id',
  'p:p:': ':',
  'p:\u00e4\u{1f600}': '\u00e4\u{1f600}',
  'p:__proto__': '',
  constructor: 'x',
  toString: '{"json":1}',
  'p:a b\t"': 'a b\t"\\',
  [`p:${'long'.repeat(500)}`]: 'value'.repeat(2_000),
  'f:*?[a]': 'null',
}

export const entryCases: readonly StoreCase[] = defineStoreCases('entries', [
  {
    id: 'loaded-when-asked-for',
    title: 'load gives those entries that are asked for and exist, and no others',
    async run(ctx) {
      await ctx.create('s', { entries: { 'p:a': '1', 'p:b': '2', 'p:gone': null } })
      equal(sorted((await ctx.load('s')).entries), [], 'asked for none')
      equal(
        sorted((await ctx.load('s', ['p:a', 'p:none', 'p:gone'])).entries),
        [['p:a', '1']],
        'asked for three',
      )
      equal(sorted((await ctx.load('s', ['p:b', 'p:b'])).entries), [['p:b', '2']], 'asked twice for one')
    },
  },
  {
    id: 'set-and-removed',
    title: 'entries that a commit names are set or removed, and all others stay',
    async run(ctx) {
      await ctx.create('s', { entries: { 'p:a': '1', 'p:b': '2', 'p:c': '3' } })
      await ctx.update('s', { entries: { 'p:a': null, 'p:b': '4', 'p:none': null } })
      const keys = ['p:a', 'p:b', 'p:c', 'p:none']
      equal(
        sorted((await ctx.load('s', keys)).entries),
        [
          ['p:b', '4'],
          ['p:c', '3'],
        ],
        'the entries',
      )
      await ctx.update('s', { entries: { 'p:a': '5' } })
      equal((await ctx.load('s', keys)).entries.get('p:a'), '5', 'an entry that was removed and set again')
    },
  },
  {
    id: 'odd-keys-and-values',
    title: 'any text is a key, and any text a value',
    async run(ctx) {
      await ctx.create('s', { entries: ODD })
      await ctx.create('t', { entries: { 'p:': 'of another stream' } })
      equal(
        sorted((await ctx.load('s', Object.keys(ODD))).entries),
        Object.entries(ODD).sort(),
        'the entries',
      )
      equal(
        sorted((await ctx.load('s', ['p', 'f:', 'P:', 'hasOwnProperty'])).entries),
        [],
        'keys that are like them',
      )
      const gone = Object.fromEntries(Object.keys(ODD).map((key) => [key, null]))
      await ctx.update('s', { entries: gone })
      equal(sorted((await ctx.load('s', Object.keys(ODD))).entries), [], 'the entries after their removal')
      equal(
        (await ctx.load('t', ['p:'])).entries.get('p:'),
        'of another stream',
        'the entry of the other stream',
      )
    },
  },
  {
    id: 'do-not-outlive-the-stream',
    title: 'entries go with their stream, and do not come back with its successor',
    async run(ctx) {
      await ctx.create('s', { entries: { 'p:a': '1' } })
      await ctx.remove('s')
      await ctx.create('s', { entries: { 'p:b': '2' } })
      equal(sorted((await ctx.load('s', ['p:a', 'p:b'])).entries), [['p:b', '2']], 'the entries')
    },
  },
  {
    id: 'many',
    title: 'a stream may have thousands of entries, set and removed by one commit',
    async run(ctx) {
      const keys = Array.from({ length: ctx.settings.entries }, (_, i) => `p:producer-${i}`)
      const version = await ctx.create('s', { text: 'a' })
      const { record } = await ctx.load('s')
      const entries = new Map(keys.map((key, i) => [key, `${i}:0`]))
      await ctx.commit('s', version, changeOf({ ...record, tail: 2 }, { bytes: [bytesOf('b')], entries }))
      equal(sorted((await ctx.load('s', keys)).entries), sorted(entries), 'all entries')
      const some = keys.filter((_, i) => i % 97 === 5)
      equal((await ctx.load('s', some)).entries.size, some.length, 'some entries')
      const gone = new Map<string, null>(keys.filter((_, i) => i % 2 === 0).map((key) => [key, null]))
      await ctx.commit(
        's',
        (await ctx.load('s')).version,
        changeOf({ ...record, tail: 2 }, { entries: gone }),
      )
      const left = keys.filter((key) => !gone.has(key))
      equal([...(await ctx.load('s', keys)).entries.keys()].sort(), left.sort(), 'the keys that are left')
    },
  },
])
