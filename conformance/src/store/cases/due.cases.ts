import type { StoreContext } from '../store-context.js'
import type { StreamRecord } from '@ds/core'
import { CREATED_AT, pathOf } from '../records.js'
import { check, equal } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'

const CALLS = 200

/** Every path that some of many calls name; a store may miss one now and then. */
async function namedBy(
  ctx: StoreContext,
  now: number,
  expected: readonly string[],
  limit = 100,
): Promise<string[]> {
  const named = new Set<string>()
  for (let call = 0; call < CALLS && (call < 3 || named.size < expected.length); call++) {
    for (const path of await ctx.due(now, limit)) named.add(path)
  }
  return [...named].sort()
}

async function expectDue(ctx: StoreContext, now: number, expected: readonly string[]): Promise<void> {
  equal(await namedBy(ctx, now, expected), [...expected].sort(), `what is due at ${now}`)
}

const at = (atMs: number): Partial<StreamRecord> => ({ expiry: { kind: 'at', atMs } })
const ttl = (seconds: number): Partial<StreamRecord> => ({ expiry: { kind: 'ttl', seconds } })

export const dueCases: readonly StoreCase[] = defineStoreCases('due', [
  {
    id: 'expiry',
    title: 'streams are due from the moment of their expiry on, and others never',
    async run(ctx) {
      const t = CREATED_AT
      await ctx.create('never')
      await ctx.create('at', { record: at(t + 5_000) })
      await ctx.create('window', { record: ttl(10) })
      await ctx.create('later', { record: at(t + 1e12) })
      await expectDue(ctx, t, [])
      await expectDue(ctx, t + 4_999, [])
      await expectDue(ctx, t + 5_000, ['at'])
      await expectDue(ctx, t + 9_999, ['at'])
      await expectDue(ctx, t + 10_000, ['at', 'window'])
    },
  },
  {
    id: 'long-windows',
    title: 'windows of 10^12 seconds and moments far away are no error, and not due',
    async run(ctx) {
      await ctx.create('window', { record: ttl(1_000_000_000_000) })
      await ctx.create('at', { record: at(253_402_300_799_999) })
      await ctx.create('past', { record: at(-62_135_596_800_000) })
      await expectDue(ctx, CREATED_AT + 1e12, ['past'])
    },
  },
  {
    id: 'unfinished-work',
    title: 'unfinished work over two streams is due 30 seconds after it was begun, in any state',
    async run(ctx) {
      const t = CREATED_AT
      const pending = (since: number) => ({ streamId: ctx.newStreamId(), path: pathOf('fork'), since })
      await ctx.create('unsettled', { record: { unsettledSince: t } })
      await ctx.create('removing', { record: { state: 'removing', unsettledSince: t + 10 } })
      await ctx.create('pending', { record: { pendingForks: [pending(t + 20), pending(t + 40)] } })
      await expectDue(ctx, t + 29_999, [])
      await expectDue(ctx, t + 30_000, ['unsettled'])
      await expectDue(ctx, t + 30_010, ['removing', 'unsettled'])
      await expectDue(ctx, t + 30_020, ['pending', 'removing', 'unsettled'])
      await ctx.update('unsettled', { record: { unsettledSince: null } })
      await ctx.update('pending', { record: { pendingForks: [] } })
      await expectDue(ctx, t + 99_999, ['removing'])
    },
  },
  {
    id: 'deleted-do-not-expire',
    title: 'soft-deleted streams and those being removed do not expire any more',
    async run(ctx) {
      await ctx.create('soft', { record: { ...ttl(1), state: 'soft-deleted' } })
      await ctx.create('removing', { record: { ...at(CREATED_AT), state: 'removing' } })
      await ctx.create('live', { record: ttl(1) })
      await expectDue(ctx, CREATED_AT + 9_000, ['live'])
      await ctx.update('live', { record: { state: 'soft-deleted' } })
      await expectDue(ctx, CREATED_AT + 9_000, [])
    },
  },
  {
    id: 'follows-every-change',
    title: 'what is due follows touches, commits, replacements and removals',
    async run(ctx) {
      const t = CREATED_AT
      const paths = ['changed', 'committed', 'replaced', 'removed', 'touched']
      for (const path of paths) await ctx.create(path, { record: ttl(10) })
      await expectDue(ctx, t + 10_000, paths)
      await ctx.store.touch(pathOf('touched'), (await ctx.load('touched')).record.streamId, t + 5_000)
      await ctx.update('committed', { text: 'x', touchedAt: t + 6_000 })
      await ctx.update('changed', { record: { expiry: { kind: 'never' } } })
      await ctx.update('replaced', { record: { streamId: ctx.newStreamId() }, touchedAt: t + 7_000 })
      await ctx.remove('removed')
      await expectDue(ctx, t + 14_999, [])
      await expectDue(ctx, t + 15_000, ['touched'])
      await expectDue(ctx, t + 16_000, ['committed', 'touched'])
      await expectDue(ctx, t + 17_000, ['committed', 'replaced', 'touched'])
      await ctx.update('changed', { record: at(t + 1) })
      await expectDue(ctx, t + 1, ['changed'])
    },
  },
  {
    id: 'none-is-missed-for-ever',
    title: 'all get their turn, though only a few are named at a time and nobody settles them',
    async run(ctx) {
      const due = Array.from({ length: 25 }, (_, i) => `due/${i}`)
      const paths = [...due, ...due.map((path) => `not-${path}`)]
      for (const path of paths)
        await ctx.create(path, { record: at(path.startsWith('not') ? 9e12 : CREATED_AT) })
      const named = await namedBy(ctx, CREATED_AT, due, 3)
      equal(named, [...due].sort(), 'the streams that were named')
    },
  },
  {
    id: 'limit',
    title: 'a call names no more than the limit, each at most once',
    async run(ctx) {
      for (let i = 0; i < 12; i++) await ctx.create(`s${i}`, { record: at(CREATED_AT) })
      for (let call = 0; call < 20; call++) {
        const paths = await ctx.due(CREATED_AT, 5)
        check(new Set(paths).size === paths.length, 'a path is named twice')
      }
      await expectDue(
        ctx,
        CREATED_AT,
        Array.from({ length: 12 }, (_, i) => `s${i}`),
      )
    },
  },
])
