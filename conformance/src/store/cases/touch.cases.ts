import type { StoreContext } from '../store-context.js'
import type { StreamId } from '@ds/core'
import { CREATED_AT, changeOf, pathOf } from '../records.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

async function touch(ctx: StoreContext, path: string, moment: number, streamId?: StreamId): Promise<void> {
  const id = streamId ?? (await ctx.load(path)).record.streamId
  await ctx.store.touch(pathOf(path), id, moment)
}

async function touchedAt(ctx: StoreContext, path: string): Promise<number> {
  return (await ctx.load(path)).touchedAt
}

export const touchCases: readonly StoreCase[] = defineStoreCases('touch', [
  {
    id: 'later-moment-stands',
    title: 'of two moments the later one stands',
    async run(ctx) {
      await ctx.create('s')
      equal(await touchedAt(ctx, 's'), CREATED_AT, 'after the creation')
      await touch(ctx, 's', CREATED_AT + 500)
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'after a touch')
      await touch(ctx, 's', CREATED_AT + 200)
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'after an earlier one')
    },
  },
  {
    id: 'makes-no-version',
    title: 'a touch makes no new version: a commit on the version from before it succeeds',
    async run(ctx) {
      const version = await ctx.create('s', { text: 'a' })
      const { record } = await ctx.load('s')
      await touch(ctx, 's', CREATED_AT + 500)
      equal((await ctx.load('s')).version, version, 'the version')
      await ctx.commit('s', version, changeOf({ ...record, closed: true }))
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'the start of the window after the commit')
    },
  },
  {
    id: 'knows-its-incarnation',
    title: 'a touch of another incarnation, or where nothing is, does nothing',
    async run(ctx) {
      await ctx.create('s')
      await touch(ctx, 's', CREATED_AT + 500, ctx.newStreamId())
      equal(await touchedAt(ctx, 's'), CREATED_AT, 'after a touch of another incarnation')
      await touch(ctx, 'nothing', CREATED_AT + 500, ctx.newStreamId())
      equal(await ctx.find('nothing'), null, 'what a touch leaves where nothing is')
      equal(await ctx.list(), ['s'], 'the list')
      const old = (await ctx.load('s')).record.streamId
      await ctx.remove('s')
      await ctx.create('s')
      await touch(ctx, 's', CREATED_AT + 500, old)
      equal(await touchedAt(ctx, 's'), CREATED_AT, 'after a touch of the predecessor')
    },
  },
  {
    id: 'commit-moves-it-forward',
    title: 'a commit moves the window on, never back, and null leaves it where it is',
    async run(ctx) {
      await ctx.create('s')
      await ctx.update('s', { touchedAt: CREATED_AT + 500 })
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'after a later moment')
      await ctx.update('s', { touchedAt: CREATED_AT + 100 })
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'after an earlier moment')
      await ctx.update('s', { text: 'x' })
      equal(await touchedAt(ctx, 's'), CREATED_AT + 500, 'after null')
    },
  },
  {
    id: 'new-incarnation-starts-anew',
    title: 'a new incarnation starts with the moment of its commit, though the old one was used later',
    async run(ctx) {
      await ctx.create('s')
      await touch(ctx, 's', CREATED_AT + 9_000)
      await ctx.update('s', { record: { streamId: ctx.newStreamId() }, touchedAt: CREATED_AT + 50 })
      equal(await touchedAt(ctx, 's'), CREATED_AT + 50, 'after a replacement')
      await touch(ctx, 's', CREATED_AT + 9_000)
      await ctx.remove('s')
      await ctx.create('s', { touchedAt: CREATED_AT + 70 })
      equal(await touchedAt(ctx, 's'), CREATED_AT + 70, 'after a removal and a creation')
    },
  },
  {
    id: 'if-touched-at',
    title:
      'a commit with ifTouchedAt conflicts when the window starts at another moment, and changes nothing then',
    async run(ctx) {
      const version = await ctx.create('s', { text: 'abc' })
      const { record } = await ctx.load('s')
      await touch(ctx, 's', CREATED_AT + 500)
      for (const ifTouchedAt of [CREATED_AT, CREATED_AT + 499, CREATED_AT + 501]) {
        await ctx.expectConflict('s', version, changeOf(null, { ifTouchedAt }))
        await ctx.expectConflict('s', version, changeOf({ ...record, closed: true }, { ifTouchedAt }))
      }
      equal((await ctx.load('s')).record, record, 'the record')
      equal(await ctx.readAll('s'), 'abc', 'the bytes')
      await ctx.expectConflict('s', null, changeOf(null, { ifTouchedAt: CREATED_AT + 500 }))
      await ctx.commit('s', version, changeOf(null, { ifTouchedAt: CREATED_AT + 500 }))
      equal(await ctx.find('s'), null, 'the stream')
    },
  },
  {
    id: 'races-an-ending',
    title: 'of a touch and an ending at once, a touch that has ended before the commit began prevents it',
    async run(ctx) {
      for (let i = 0; i < 20; i++) {
        const version = await ctx.create('s')
        const { streamId } = (await ctx.load('s')).record
        await ctx.store.touch(pathOf('s'), streamId, CREATED_AT + 1 + i)
        await ctx.expectConflict('s', version, changeOf(null, { ifTouchedAt: CREATED_AT }))
        await ctx.remove('s')
      }
    },
  },
])
