import { CREATED_AT, bytesOf, changeOf, pathOf, recordOf, textOf } from '../records.js'
import { RandomNumbers } from '../random-numbers.js'
import type { StoreContext } from '../store-context.js'
import type { StreamStore } from '@ds/core'
import { WatchProbe } from '../watch-probe.js'
import { check, equal } from '../../server/assertions.js'
import { checkConcurrentUse } from '../concurrent-history.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'

const WAKE_ATTEMPTS = 10
/** A lost wake-up costs so much. */
const WAKE_TIMEOUT_MS = 500

async function openSecond(ctx: StoreContext): Promise<StreamStore> {
  return ctx.keep(await ctx.binding.secondNode!())
}

export const nodeCases: readonly StoreCase[] = defineStoreCases('nodes', [
  {
    id: 'see-each-other',
    need: 'multi-node',
    title: 'a node sees at once what another one was told is committed',
    async run(ctx) {
      const other = await openSecond(ctx)
      await ctx.create('s')
      for (let i = 0; i < 30; i++) {
        await ctx.update('s', { text: 'x', entries: { 'p:a': `${i}` } })
        const mine = await ctx.load('s', ['p:a'])
        const theirs = await other.load(pathOf('s'), ['p:a'])
        equal(
          [theirs?.version, theirs?.entries.get('p:a')],
          [mine.version, `${i}`],
          'what the other node loads',
        )
        const pieces = await other.read(pathOf('s'), mine.record.streamId, i, 1)
        equal(textOf(pieces ?? []), 'x', 'what the other node reads')
      }
      await ctx.remove('s')
      equal(await other.load(pathOf('s'), []), null, 'what the other node loads after the removal')
      equal(await other.list('', '', 10), [], 'what the other node lists')
    },
  },
  {
    id: 'conflict-with-each-other',
    need: 'multi-node',
    title: 'of commits of two nodes on one version exactly one succeeds',
    async run(ctx) {
      const other = await openSecond(ctx)
      let version = await ctx.create('s')
      for (let i = 1; i <= 30; i++) {
        const { record } = await ctx.load('s')
        const change = () => changeOf({ ...record, tail: i }, { bytes: [bytesOf('x')] })
        const results = await Promise.all([
          ctx.store.commit(pathOf('s'), version, change()),
          other.commit(pathOf('s'), version, change()),
        ])
        const winners = results.filter(({ kind }) => kind === 'committed')
        equal(winners.length, 1, 'the number of winners')
        version = (await ctx.load('s')).version
      }
      equal(await ctx.readAll('s'), 'x'.repeat(30), 'the bytes')
    },
  },
  {
    id: 'touches-count-everywhere',
    need: 'multi-node',
    title: 'a touch by one node keeps another one from ending the stream',
    async run(ctx) {
      const other = await openSecond(ctx)
      const version = await ctx.create('s')
      const { streamId } = (await ctx.load('s')).record
      await ctx.store.touch(pathOf('s'), streamId, CREATED_AT + 500)
      const ending = changeOf(null, { ifTouchedAt: CREATED_AT })
      equal((await other.commit(pathOf('s'), version, ending)).kind, 'conflict', 'the ending')
      equal((await other.load(pathOf('s'), []))?.touchedAt, CREATED_AT + 500, 'the window')
    },
  },
  {
    id: 'wake-each-other',
    need: 'multi-node',
    title:
      'changes by one node wake those who watch on another, apart from wake-ups that are lost now and then',
    async run(ctx) {
      const other = await openSecond(ctx)
      await ctx.create('s')
      const probe = new WatchProbe(other, pathOf('s'), Math.min(WAKE_TIMEOUT_MS, ctx.settings.wakeTimeoutMs))
      let woken = false
      for (let attempt = 1; attempt <= WAKE_ATTEMPTS && !woken; attempt++) {
        const seen = probe.wakes
        await ctx.update('s', { text: 'x' })
        const isShown = async (): Promise<boolean> => {
          const loaded = await other.load(pathOf('s'), [])
          return (loaded?.record.tail ?? 0) >= attempt
        }
        woken = await probe.showed(seen, isShown)
      }
      check(woken, `${WAKE_ATTEMPTS} commits of another node woke nobody`)
      probe.end()
    },
  },
  {
    id: 'name-each-others-due',
    need: 'multi-node',
    title: 'a node names streams that became due on another',
    async run(ctx) {
      const other = await openSecond(ctx)
      await ctx.create('s', { record: { expiry: { kind: 'at', atMs: CREATED_AT } } })
      const named = new Set<string>()
      for (let call = 0; call < 50 && named.size === 0; call++) {
        for (const path of await other.due(CREATED_AT, 10)) named.add(path)
      }
      equal([...named], ['s'], 'the streams that are named')
    },
  },
  {
    id: 'outlive-each-other',
    need: 'multi-node',
    title: 'when one node closes, another goes on',
    async run(ctx) {
      const other = await openSecond(ctx)
      await ctx.create('s', { text: 'a' })
      await ctx.close()
      const loaded = await other.load(pathOf('s'), [])
      const record = { ...(loaded?.record ?? recordOf({ streamId: ctx.newStreamId() })), tail: 2 }
      const result = await other.commit(
        pathOf('s'),
        loaded?.version ?? null,
        changeOf(record, { bytes: [bytesOf('b')] }),
      )
      equal(result.kind, 'committed', 'a commit of the node that is left')
      equal(textOf((await other.read(pathOf('s'), record.streamId, 0, 10)) ?? []), 'ab', 'the bytes')
    },
  },
  {
    id: 'linearizable',
    need: 'multi-node',
    title: 'what clients of two nodes see at once is what they could see one after the other',
    async run(ctx) {
      for (let i = 0; i < ctx.settings.histories; i++) {
        const seed = ctx.settings.seed + i
        await ctx.onAnother(async (fresh) => {
          const other = await openSecond(fresh)
          await checkConcurrentUse(fresh, [fresh.store, other], new RandomNumbers(seed))
        })
      }
    },
  },
])
