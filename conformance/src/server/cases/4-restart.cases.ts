import { equal } from '../assertions.js'
import type { CaseContext } from '../case-context.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE } from '../wire-names.js'

type Body = (ctx: CaseContext) => Promise<void>

const mustSurvive = (id: string, title: string, run: Body): Omit<ServerCase, 'section'> => ({
  id,
  level: 'MUST',
  title,
  needs: ['restart'],
  alone: true,
  run,
})

/** Section 4: what has been acknowledged is there after a restart. */
export const restartCases: readonly ServerCase[] = defineCases('4', [
  mustSurvive(
    '4/data-survives-a-restart',
    'what was acknowledged before a restart is read after it, byte for byte, and appends go on behind it',
    async (ctx) => {
      const text = await ctx.create()
      await text.append('before ')
      const json = await ctx.create(JSON_TYPE)
      await json.append('[{"a":1},2]')
      await ctx.restart()
      equal((await text.readAll()).text, 'before ', 'the text')
      equal((await json.readAll()).messages, [{ a: 1 }, 2], 'the messages')
      await text.append('after')
      equal((await text.readAll()).text, 'before after', 'the text with what was appended later')
    },
  ),
  mustSurvive(
    '4/offsets-survive-a-restart',
    'offsets mean the same positions after a restart, and new ones sort behind them',
    async (ctx) => {
      const stream = await ctx.create()
      const first = await stream.append('one')
      const tail = await stream.append('two')
      await ctx.restart()
      equal(await stream.tail(), tail, 'the tail')
      equal((await stream.readAll(first)).text, 'two', 'what lies behind the first offset')
      const next = await stream.append('three')
      equal([next, tail].sort()[1], next, 'the larger of the old and the new tail')
    },
  ),
  mustSurvive(
    '4/closure-survives-a-restart',
    'a closed stream is closed after a restart, and its closing tuple is still known',
    async (ctx) => {
      const closed = await ctx.create()
      await closed.appendAndClose('last')
      const produced = await ctx.create()
      const tuple = { id: 'p', epoch: 0, seq: 0 }
      ;(await produced.produce(tuple, 'last', { [H.closed]: 'true' })).expectStatus(200)
      await ctx.restart()
      ;(await closed.post('more')).expectStatus(409).expectHeader(H.closed, 'true')
      ;(await closed.readAll()).last.expectHeader(H.closed, 'true')
      const repeated = await produced.produce(tuple, 'last', { [H.closed]: 'true' })
      repeated.expectStatus(204).expectHeader(H.closed, 'true')
    },
  ),
  mustSurvive(
    '4/producer-state-survives-a-restart',
    'after a restart a duplicate is a duplicate, a gap is a gap and a stale epoch is stale',
    async (ctx) => {
      const stream = await ctx.create()
      for (const seq of [0, 1]) (await stream.produce({ id: 'p', epoch: 3, seq }, `${seq}`)).expectStatus(200)
      await ctx.restart()
      ;(await stream.produce({ id: 'p', epoch: 3, seq: 1 }, '1')).expectStatus(204)
      const gap = await stream.produce({ id: 'p', epoch: 3, seq: 3 }, '3')
      gap.expectStatus(409).expectHeader(H.producerExpectedSeq, '2')
      ;(await stream.produce({ id: 'p', epoch: 2, seq: 0 }, '0')).expectStatus(403)
      ;(await stream.produce({ id: 'p', epoch: 3, seq: 2 }, '2')).expectStatus(200)
      equal((await stream.readAll()).text, '012', 'the content')
    },
  ),
  mustSurvive(
    '4/stream-seq-survives-a-restart',
    'after a restart a Stream-Seq at or below the last one answers 409',
    async (ctx) => {
      const stream = await ctx.create()
      await stream.append('a', { [H.seq]: 'm' })
      await ctx.restart()
      ;(await stream.post('b', { headers: { [H.seq]: 'm' } })).expectStatus(409)
      ;(await stream.post('b', { headers: { [H.seq]: 'c' } })).expectStatus(409)
      await stream.append('b', { [H.seq]: 'n' })
    },
  ),
  mustSurvive(
    '4/lifetime-survives-a-restart',
    'TTL and expiry are the same after a restart, and a deleted stream stays deleted',
    async (ctx) => {
      const sliding = await ctx.create(undefined, { headers: { [H.ttl]: '600' } })
      const absolute = await ctx.create(undefined, { headers: { [H.expiresAt]: '2093-04-05T06:07:08Z' } })
      const gone = await ctx.create()
      ;(await gone.delete()).expectStatus(204)
      await ctx.restart()
      ;(await sliding.head()).expectStatus(200).expectHeader(H.ttl, '600')
      const expiresAt = (await absolute.head()).requireHeader(H.expiresAt)
      equal(new Date(expiresAt).toISOString(), '2093-04-05T06:07:08.000Z', 'the expiry')
      ;(await gone.head()).expectStatus(404)
    },
  ),
  mustSurvive(
    '4/forks-survive-a-restart',
    'after a restart forks read what they inherited, and a soft-deleted source is still gone and still held',
    async (ctx) => {
      const source = await ctx.create()
      const offset = await source.append('inherited ')
      await source.append('not inherited')
      const fork = await source.fork({ offset })
      await fork.append('own')
      ;(await source.delete()).expectStatus(204)
      await ctx.restart()
      equal((await fork.readAll()).text, 'inherited own', 'the content of the fork')
      ;(await source.head()).expectStatus(410)
      ;(await source.put()).expectStatus(409)
      ;(await fork.delete()).expectStatus(204)
      await ctx.eventually(async () => (await source.head()).expectStatus(404), 5000)
    },
  ),
])
