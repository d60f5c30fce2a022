import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { H, TEXT } from '../wire-names.js'

const TTL_SECONDS = 2
const USED_AFTER_MS = 1200

interface Renewal {
  readonly id: string
  readonly title: string
  /** Done once, more than half of the TTL after the stream was made. */
  readonly use: (stream: TestStream) => Promise<void>
}

const RENEWALS: readonly Renewal[] = [
  {
    id: 'catch-up',
    title: 'a catch-up read',
    async use(stream) {
      ;(await stream.get()).expectStatus(200)
    },
  },
  {
    id: 'read-at-the-tail',
    title: 'a read at the tail',
    async use(stream) {
      ;(await stream.get({ offset: await stream.tail() })).expectStatus(200)
    },
  },
  {
    id: 'read-from-now',
    title: 'a read with offset=now',
    async use(stream) {
      ;(await stream.get({ offset: 'now' })).expectStatus(200)
    },
  },
  {
    id: 'not-modified',
    title: 'a read that answers 304',
    async use(stream) {
      const etag = (await stream.get()).requireHeader(H.etag)
      await stream.ctx.sleep(USED_AFTER_MS)
      ;(await stream.get({}, { [H.ifNoneMatch]: etag })).expectStatus(304)
    },
  },
  {
    id: 'long-poll',
    title: 'a long-poll',
    async use(stream) {
      ;(await stream.longPoll('-1')).expectStatus(200)
    },
  },
  {
    id: 'sse',
    title: 'an SSE request',
    async use(stream) {
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      events.close()
    },
  },
  {
    id: 'append',
    title: 'an append',
    async use(stream) {
      await stream.append('x')
    },
  },
  {
    id: 'producer-append',
    title: 'an append of an idempotent producer',
    async use(stream) {
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'x')).expectStatus(200)
    },
  },
  {
    id: 'close',
    title: 'a close without a body',
    async use(stream) {
      await stream.close()
    },
  },
  {
    id: 'append-and-close',
    title: 'an append that closes',
    async use(stream) {
      await stream.appendAndClose('x')
    },
  },
  {
    id: 'producer-close',
    title: 'a close of an idempotent producer',
    async use(stream) {
      ;(await stream.produceClose({ id: 'p', epoch: 0, seq: 0 })).expectStatus(204)
    },
  },
]

/** Uses the stream in the second half of its window, then asks after that window by HEAD, which renews nothing. */
export const slidingTtlCases: readonly ServerCase[] = defineCases(
  '5.1',
  RENEWALS.map(({ id, title, use }) => ({
    id: `5.1/ttl-is-renewed-by-${id}`,
    level: 'MUST',
    slow: true,
    title: `${title} gives the stream a whole new TTL, and no more than that`,
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: String(TTL_SECONDS) } })
      await ctx.sleep(USED_AFTER_MS)
      await use(stream)
      await ctx.sleep(USED_AFTER_MS)
      ;(await stream.head()).expectStatus(200)
      await ctx.eventually(async () => (await stream.head()).expectStatus(404), 2600)
    },
  })),
)
