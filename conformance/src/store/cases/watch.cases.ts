import { changeOf, pathOf, recordOf } from '../records.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

const WATCHERS = 1_000

export const watchCases: readonly StoreCase[] = defineStoreCases('watch', [
  {
    id: 'wakes-after-every-change',
    title:
      'a creation, a commit, a replacement and a removal wake those who watch, and load shows them by then',
    async run(ctx) {
      const probe = ctx.watch('s')
      await ctx.create('s', { text: 'a' })
      await probe.expect('the creation', 0, async () => (await ctx.find('s')) !== null)
      let seen = probe.wakes
      await ctx.update('s', { text: 'b' })
      await probe.expect('the bytes', seen, async () => (await ctx.find('s'))?.record.tail === 2)
      seen = probe.wakes
      await ctx.update('s', { record: { closed: true } })
      await probe.expect('the closure', seen, async () => (await ctx.find('s'))?.record.closed === true)
      seen = probe.wakes
      const streamId = ctx.newStreamId()
      await ctx.update('s', { record: { streamId, tail: 0 }, touchedAt: 1 })
      await probe.expect(
        'the successor',
        seen,
        async () => (await ctx.find('s'))?.record.streamId === streamId,
      )
      seen = probe.wakes
      await ctx.remove('s')
      await probe.expect('the removal', seen, async () => (await ctx.find('s')) === null)
      seen = probe.wakes
      await ctx.create('s')
      await probe.expect('the second creation', seen, async () => (await ctx.find('s')) !== null)
      probe.end()
    },
  },
  {
    id: 'load-shows-it-at-once',
    title: 'a load that begins within the wake-up shows the change already',
    async run(ctx) {
      await ctx.create('s')
      const loads: Promise<number>[] = []
      const probe = ctx.watch('s', () => loads.push(ctx.load('s').then(({ record }) => record.tail)))
      for (let tail = 1; tail <= 20; tail++) {
        const seen = probe.wakes
        await ctx.update('s', { text: 'x' })
        await probe.expect('the commit', seen, async () => (await loads.at(-1)!) === tail)
      }
      probe.end()
    },
  },
  {
    id: 'ended-watch-is-silent',
    title: 'a watch that was ended is not called, and others go on',
    async run(ctx) {
      await ctx.create('s')
      const ended = ctx.watch('s')
      const lasting = ctx.watch('s')
      ended.end()
      const seen = ended.wakes
      for (let tail = 1; tail <= 3; tail++) {
        const before = lasting.wakes
        await ctx.update('s', { text: 'x' })
        await lasting.expect('the commit', before, async () => (await ctx.load('s')).record.tail === tail)
      }
      equal(ended.wakes, seen, 'the calls of the ended watch')
      lasting.end()
    },
  },
  {
    id: 'watches-are-each-their-own',
    title: 'two watches with one function are two, and ending one twice does not end the other',
    async run(ctx) {
      await ctx.create('s')
      let calls = 0
      const wake = (): void => {
        calls++
      }
      const endFirst = ctx.store.watch(pathOf('s'), wake)
      const endSecond = ctx.store.watch(pathOf('s'), wake)
      endFirst()
      endFirst()
      const probe = ctx.watch('s')
      await ctx.update('s', { text: 'x' })
      await probe.expect('the commit', 0, () => Promise.resolve(calls > 0))
      endSecond()
      endFirst()
      const third = ctx.watch('s')
      endSecond()
      await ctx.update('s', { text: 'x' })
      await third.expect('the commit', 0, async () => (await ctx.load('s')).record.tail === 2)
      probe.end()
      third.end()
    },
  },
  {
    id: 'may-be-ended-from-within',
    title: 'a wake-up may end its own watch and that of others, which are then not called',
    async run(ctx) {
      await ctx.create('s')
      const probes = Array.from({ length: 10 }, () =>
        ctx.watch('s', () => {
          for (const probe of probes) probe.end()
        }),
      )
      const last = ctx.watch('t')
      await ctx.update('s', { text: 'x' })
      await ctx.create('t')
      await last.expect('the creation', 0, async () => (await ctx.find('t')) !== null)
      const calls = probes.reduce((sum, { wakes }) => sum + wakes, 0)
      equal(calls <= 1, true, `at most one of ten is called, and these were ${calls}`)
      last.end()
    },
  },
  {
    id: 'many-watchers',
    title: 'every one of many watchers of a stream is woken',
    async run(ctx) {
      await ctx.create('s')
      const probes = Array.from({ length: WATCHERS }, () => ctx.watch('s'))
      await ctx.update('s', { text: 'x' })
      for (const probe of probes) {
        await probe.expect('the commit', 0, () => Promise.resolve(true))
        probe.end()
      }
    },
  },
  {
    id: 'many-paths',
    title: 'watches of many streams are woken each by its own',
    async run(ctx) {
      const paths = Array.from({ length: 200 }, (_, i) => `s${i}`)
      const probes = paths.map((path) => ctx.watch(path))
      const commits = paths.map((path) =>
        ctx.commit(path, null, changeOf(recordOf({ streamId: ctx.newStreamId() }), { touchedAt: 1 })),
      )
      await Promise.all(commits)
      for (const [i, probe] of probes.entries()) {
        await probe.expect('the creation', 0, async () => (await ctx.find(paths[i]!)) !== null)
        probe.end()
      }
    },
  },
])
