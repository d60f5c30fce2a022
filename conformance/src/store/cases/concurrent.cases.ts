import { RandomNumbers } from '../random-numbers.js'
import { bytesOf, changeOf, recordOf } from '../records.js'
import { checkConcurrentUse } from '../concurrent-history.js'
import { check, equal } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { lookMeanwhile } from '../look-meanwhile.js'

const RIVALS = 20

export const concurrentCases: readonly StoreCase[] = defineStoreCases('concurrent', [
  {
    id: 'one-creation-wins',
    title: 'of many creations at once exactly one succeeds, and what is there is wholly its own',
    async run(ctx) {
      for (let round = 0; round < 10; round++) {
        const path = `s${round}`
        const changes = Array.from({ length: RIVALS }, (_, i) => {
          const record = recordOf({ streamId: ctx.newStreamId(), tail: 2, contentType: `text/${i}` })
          const bytes = [bytesOf(String(i).padStart(2, '0'))]
          return changeOf(record, { bytes, entries: new Map([['p:a', `${i}`]]), touchedAt: i })
        })
        const results = await Promise.all(changes.map((change) => ctx.tryCommit(path, null, change)))
        const winners = results.flatMap(({ kind }, i) => (kind === 'committed' ? [i] : []))
        equal(winners.length, 1, 'the number of winners')
        const [winner] = winners as [number]
        const loaded = await ctx.load(path, ['p:a'])
        equal(loaded.commitId, changes[winner]!.commitId, 'the commit id')
        equal(loaded.record, changes[winner]!.record, 'the record')
        equal(loaded.entries.get('p:a'), `${winner}`, 'the entry')
        equal(await ctx.readAll(path), String(winner).padStart(2, '0'), 'the bytes')
      }
    },
  },
  {
    id: 'one-commit-wins',
    title: 'of many commits on one version exactly one succeeds: an append, a replacement or a removal',
    async run(ctx) {
      await ctx.create('s', { text: 'a' })
      for (let round = 0; round < 20; round++) {
        const { record, version } = await ctx.load('s')
        const before = await ctx.readAll('s')
        const appended = { ...record, tail: record.tail + 1 }
        const replaced = recordOf({ streamId: ctx.newStreamId(), tail: 1 })
        const rivals = [
          ...Array.from({ length: 5 }, (_, i) => changeOf(appended, { bytes: [bytesOf(`${i}`)] })),
          changeOf(replaced, { bytes: [bytesOf('r')], touchedAt: 1 }),
          changeOf(null),
        ]
        const order = new RandomNumbers(ctx.settings.seed + round)
        rivals.sort(() => order.next() - 0.5)
        const results = await Promise.all(rivals.map((change) => ctx.tryCommit('s', version, change)))
        const winners = rivals.filter((_, i) => results[i]!.kind === 'committed')
        equal(winners.length, 1, 'the number of winners')
        const { record: after, bytes } = winners[0]!
        if (after === null) {
          equal(await ctx.find('s'), null, 'the stream after its removal')
          await ctx.create('s', { text: 'a' })
        } else {
          const added = Buffer.concat([...bytes]).toString('latin1')
          equal(
            await ctx.readAll('s'),
            after.streamId === record.streamId ? before + added : added,
            'the bytes',
          )
        }
      }
    },
  },
  {
    id: 'streams-do-not-hinder-each-other',
    title: 'commits to different streams at once all succeed',
    async run(ctx) {
      const paths = Array.from({ length: 200 }, (_, i) => `s${i}`)
      await Promise.all(paths.map((path) => ctx.create(path, { text: path })))
      await Promise.all(paths.map((path) => ctx.update(path, { text: '!' })))
      for (const path of paths) equal(await ctx.readAll(path), `${path}!`, `the bytes of ${path}`)
    },
  },
  {
    id: 'loads-show-whole-commits',
    title: 'a load or read beside a commit shows all of it or nothing',
    async run(ctx) {
      await ctx.create('s', { entries: { 'p:a': '0', 'p:b': '0' } })
      const changing = (async () => {
        for (let tail = 1; tail <= 100; tail++) {
          const { record, version } = await ctx.load('s')
          const entries = new Map(['p:a', 'p:b'].map((key) => [key, `${tail}`]))
          const parts = { bytes: [bytesOf('x')], entries, touchedAt: record.createdAt + tail }
          await ctx.commit('s', version, changeOf({ ...record, tail, lastStreamSeq: `${tail}` }, parts))
        }
      })()
      let last = 0
      await lookMeanwhile(changing, async () => {
        const { record, entries, touchedAt } = await ctx.load('s', ['p:a', 'p:b'])
        const tail = `${record.tail}`
        const parts = [entries.get('p:a'), entries.get('p:b'), record.lastStreamSeq ?? '0']
        equal(parts, [tail, tail, tail], 'the parts')
        equal(touchedAt - record.createdAt, record.tail, 'the window')
        check(record.tail >= last, `load shows ${record.tail} after ${last}`)
        last = record.tail
        if (last > 0) equal(await ctx.readPage('s', record.streamId, last - 1, 1), 'x', 'the last byte')
      })
    },
  },
  {
    id: 'linearizable',
    title: 'what concurrent clients see is what they could see one after the other',
    async run(ctx) {
      for (let i = 0; i < ctx.settings.histories; i++) {
        const seed = ctx.settings.seed + i
        try {
          await ctx.onAnother((fresh) => checkConcurrentUse(fresh, [fresh.store], new RandomNumbers(seed)))
        } catch (error) {
          throw new Error(`seed ${seed} (timing counts, too): ${String(error)}`, { cause: error })
        }
      }
    },
  },
])
