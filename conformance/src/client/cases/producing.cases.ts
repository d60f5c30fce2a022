import { equal } from '../../server/assertions.js'
import type { ClientCase } from '../client-case.js'
import { answer, applyAndDrop, drop } from '../stage/misbehaviour.js'
import type { StageRequest } from '../stage/stage-server.js'
import { defineClientCases } from './define-client-cases.js'

const PRODUCER = { producerId: 'p', epoch: 0, autoClaim: false } as const

/** The three producer headers of a request as one word. */
function tupleOf({ headers }: StageRequest): string {
  return [headers['producer-id'], headers['producer-epoch'], headers['producer-seq']].map(String).join(' ')
}

/** Writing to a server that loses answers, refuses, or knows better. */
export const producingCases: readonly ClientCase[] = defineClientCases('stage', [
  {
    id: 'client/appends-with-the-content-type',
    section: '5.2',
    level: 'MUST',
    title: 'an append carries the content type of the stream',
    async run(ctx) {
      const { path } = await ctx.staged({ contentType: 'text/markdown' })
      await ctx.ok({ type: 'append', path, data: '# one' })
      await ctx.ok({ type: 'idempotent-append', path, data: '# two', ...PRODUCER })
      const types = ctx.stage.requests(path, 'POST').map(({ headers }) => headers['content-type'])
      equal(types, ['text/markdown', 'text/markdown'], 'the content types')
    },
  },
  {
    id: 'client/closed-is-told-by-the-header',
    section: '5.2',
    level: 'SHOULD',
    title: 'a 409 with Stream-Closed is told as a closed stream, whatever its body says',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      const headers = { 'Stream-Closed': 'true', 'Stream-Next-Offset': stream.tail }
      ctx.stage.script(path, 'POST', answer(409, headers, 'sequence conflict: not what it looks like'))
      const { errorCode } = await ctx.fails({ type: 'append', path, data: 'x' }, 409)
      if (!['STREAM_CLOSED', 'CONFLICT'].includes(errorCode))
        ctx.fail(`expected STREAM_CLOSED, got ${errorCode}`)
    },
  },
  {
    id: 'client/producer-counts-from-zero',
    section: '5.2.1',
    level: 'MUST',
    title: 'a producer sends its id, its epoch, and sequences from 0 on, one for each request',
    async run(ctx) {
      const { path } = await ctx.staged()
      const own = { ...PRODUCER, producerId: 'order-service 1', epoch: 3 }
      for (const data of ['a', 'b']) await ctx.ok({ type: 'idempotent-append', path, data, ...own })
      const tuples = ctx.stage.requests(path, 'POST').map(tupleOf)
      // An adapter may make a new producer for each command; the first tuple is the same in any case.
      equal(tuples[0], 'order-service 1 3 0', 'the first tuple')
    },
  },
  {
    id: 'client/producer-retries-the-same-tuple',
    section: '5.2.1',
    level: 'MUST',
    title: 'an append whose answer was lost is sent again with the same tuple and body, and is stored once',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      ctx.stage.script(path, 'POST', applyAndDrop)
      await ctx.ok({ type: 'idempotent-append', path, data: 'once', ...PRODUCER })
      equal(stream.chunks.map(String), ['once'], 'what was stored')
      const sent = ctx.stage.requests(path, 'POST').map((one) => `${tupleOf(one)} ${one.body.toString()}`)
      equal(sent, ['p 0 0 once', 'p 0 0 once'], 'tuples and bodies')
    },
  },
  {
    id: 'client/producer-retries-server-errors',
    section: '5.2.1',
    level: 'SHOULD',
    title: 'a producer append that meets 503 or a cut connection is sent again',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      ctx.stage.script(path, 'POST', answer(503), drop)
      await ctx.ok({ type: 'idempotent-append', path, data: 'once', ...PRODUCER })
      equal(stream.chunks.map(String), ['once'], 'what was stored')
    },
  },
  {
    id: 'client/producer-recovers-from-gaps',
    section: '5.2.1',
    level: 'SHOULD',
    title:
      'requests that overtake one that failed are sent again after it, and everything is stored once and in order',
    async run(ctx) {
      const { path, stream } = await ctx.staged({ contentType: 'application/json' })
      ctx.stage.script(path, 'POST', answer(503))
      const items = Array.from({ length: 8 }, (_, index) => String(index))
      await ctx.ok({ type: 'idempotent-append-batch', path, items, maxInFlight: 4, ...PRODUCER })
      equal(stream.chunks.map(String), items, 'what was stored')
    },
  },
  {
    id: 'client/producer-reports-fencing',
    section: '5.2.1',
    level: 'MUST',
    title: 'a producer with a stale epoch that may not claim reports an error and stores nothing',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      stream.producers.set('p', { epoch: 5, seq: 0 })
      await ctx.fails({ type: 'idempotent-append', path, data: 'x', ...PRODUCER }, 403)
      equal(stream.chunks.length, 0, 'the number of stored chunks')
    },
  },
  {
    id: 'client/producer-claims-when-told',
    section: '5.2.1',
    level: 'MAY',
    title: 'a producer that may claim goes on in an epoch above the one that fenced it',
    async run(ctx) {
      const { path, stream } = await ctx.staged()
      stream.producers.set('p', { epoch: 5, seq: 3 })
      await ctx.ok({ type: 'idempotent-append', path, data: 'mine', ...PRODUCER, autoClaim: true })
      equal(stream.chunks.map(String), ['mine'], 'what was stored')
      equal(ctx.stage.requests(path, 'POST').map(tupleOf).at(-1), 'p 6 0', 'the last tuple')
    },
  },
  {
    id: 'client/batches-json-as-an-array',
    section: '9.1',
    level: 'MAY',
    title: 'JSON messages that are produced together travel as one array',
    needs: ['batching'],
    async run(ctx) {
      const { path } = await ctx.staged({ contentType: 'application/json' })
      const items = ['{"a":1}', '[2,3]', '"four"']
      await ctx.ok({ type: 'idempotent-append-batch', path, items, ...PRODUCER })
      const bodies = ctx.stage
        .requests(path, 'POST')
        .map(({ body }) => JSON.parse(body.toString()) as unknown)
      equal(bodies, [[{ a: 1 }, [2, 3], 'four']], 'the bodies')
    },
  },
])
