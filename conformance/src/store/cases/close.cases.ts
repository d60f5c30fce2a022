import { answerOrStoreError } from '../store-errors.js'
import { bytesOf, changeOf, pathOf } from '../records.js'
import { check, equal } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'

export const closeCases: readonly StoreCase[] = defineStoreCases('close', [
  {
    id: 'wakes-nobody',
    title: 'after close has ended nobody is woken',
    async run(ctx) {
      await ctx.create('s')
      const probe = ctx.watch('s')
      const { record, version } = await ctx.load('s')
      const { store } = ctx
      await ctx.close()
      const seen = probe.wakes
      const change = changeOf({ ...record, closed: true })
      await answerOrStoreError('commit', () => store.commit(pathOf('s'), version, change))
      await new Promise(setImmediate)
      equal(probe.wakes, seen, 'the calls')
      probe.end()
    },
  },
  {
    id: 'later-calls-end',
    title: 'calls after close end, with an answer or a StoreError',
    async run(ctx) {
      await ctx.create('s', { text: 'abc' })
      const { record, version } = await ctx.load('s')
      const { store } = ctx
      const path = pathOf('s')
      await ctx.close()
      await answerOrStoreError('load', () => store.load(path, ['p:a']))
      await answerOrStoreError('read', () => store.read(path, record.streamId, 0, 10))
      await answerOrStoreError('commit', () => store.commit(path, version, changeOf(null)))
      await answerOrStoreError('touch', () => store.touch(path, record.streamId, 1))
      await answerOrStoreError('list', () => store.list('', '', 10))
      await answerOrStoreError('due', () => store.due(0, 10))
    },
  },
  {
    id: 'commits-under-way-are-settled',
    need: 'kept',
    title:
      'commits that are under way when close is called end, and what was acknowledged is there afterwards',
    async run(ctx) {
      const paths = Array.from({ length: 20 }, (_, i) => `s${i}`)
      for (const path of paths) await ctx.create(path)
      const { store } = ctx
      const states = await Promise.all(paths.map((path) => ctx.load(path)))
      const commits = paths.map((path, i) => {
        const { record, version } = states[i]!
        const change = changeOf({ ...record, tail: 1 }, { bytes: [bytesOf('x')] })
        return answerOrStoreError('commit', () => store.commit(pathOf(path), version, change))
      })
      const closing = ctx.close()
      const results = await Promise.all(commits)
      await closing
      await ctx.reopen()
      for (const [i, path] of paths.entries()) {
        const { tail } = (await ctx.load(path)).record
        const kind = results[i]?.kind ?? 'refused'
        check(kind !== 'committed' || tail === 1, `${path} was acknowledged, and is gone`)
        check(kind !== 'refused' || tail === 0, `${path} was refused, and has taken place`)
      }
    },
  },
])
