import { check } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { H, TEXT } from '../wire-names.js'

const EPOCH_MS = Date.UTC(2024, 9, 9)
const INTERVAL_MS = 20_000
/** Jitter is at most 3600 seconds. */
const MOST_INTERVALS_AHEAD = 180n
/** Clocks of server and harness may differ by one interval. */
const CLOCK_SKEW = 1n

function currentInterval(): bigint {
  return BigInt(Math.floor((Date.now() - EPOCH_MS) / INTERVAL_MS))
}

type CursorOf = (stream: TestStream, cursor?: string) => Promise<bigint>

async function cursorByLongPoll(stream: TestStream, cursor?: string): Promise<bigint> {
  const polled = await stream.longPoll('-1', cursor === undefined ? {} : { cursor })
  return BigInt(polled.expectStatus(200).expectHeader(H.cursor, /^\d+$/).requireHeader(H.cursor))
}

async function cursorBySse(stream: TestStream, cursor?: string): Promise<bigint> {
  const events = await stream.sse('-1', cursor === undefined ? {} : { cursor })
  const { streamCursor } = await events.untilUpToDate()
  events.close()
  check(/^\d+$/.test(String(streamCursor)), `streamCursor is no decimal string: ${String(streamCursor)}`)
  return BigInt(String(streamCursor))
}

function casesFor(mode: string, name: string, cursorOf: CursorOf): readonly Omit<ServerCase, 'section'>[] {
  return [
    {
      id: `10.1/cursor-is-the-interval-number-${mode}`,
      level: 'SHOULD',
      title: `without a cursor, ${name} returns the number of 20-second intervals since 2024-10-09T00:00:00Z`,
      async run(ctx) {
        const stream = await ctx.create(TEXT, { body: 'abc' })
        const earliest = currentInterval() - CLOCK_SKEW
        const cursor = await cursorOf(stream)
        const latest = currentInterval() + CLOCK_SKEW
        check(cursor >= earliest && cursor <= latest, `${cursor} is not between ${earliest} and ${latest}`)
      },
    },
    {
      id: `10.1/older-cursor-gets-the-interval-${mode}`,
      level: 'SHOULD',
      title: `with a cursor of the past, ${name} returns the current interval`,
      async run(ctx) {
        const stream = await ctx.create(TEXT, { body: 'abc' })
        for (const past of [0n, 1n, currentInterval() - 1000n]) {
          const cursor = await cursorOf(stream, String(past))
          check(cursor > past, `${cursor} does not follow ${past}`)
          check(cursor <= currentInterval() + CLOCK_SKEW, `${cursor} lies ahead of the clock without need`)
        }
      },
    },
    {
      id: `10.1/echoed-cursor-advances-${mode}`,
      level: 'MUST',
      title: `an echoed cursor comes back from ${name} strictly larger, time after time`,
      async run(ctx) {
        const stream = await ctx.create(TEXT, { body: 'abc' })
        let cursor = await cursorOf(stream)
        for (let round = 0; round < 8; round += 1) {
          const next = await cursorOf(stream, String(cursor))
          check(next > cursor, `${next} does not follow ${cursor}`)
          cursor = next
        }
      },
    },
    {
      id: `10.1/jitter-is-bounded-${mode}`,
      level: 'MUST',
      title: `a cursor at or ahead of the clock comes back from ${name} by 1 to 180 intervals larger`,
      async run(ctx) {
        const stream = await ctx.create(TEXT, { body: 'abc' })
        for (const ahead of [2n, 50n, 5000n, 1_000_000n]) {
          const sent = currentInterval() + ahead
          for (let round = 0; round < 4; round += 1) {
            const cursor = await cursorOf(stream, String(sent))
            const most = sent + MOST_INTERVALS_AHEAD
            check(cursor > sent && cursor <= most, `${cursor} is not above ${sent} and up to ${most}`)
          }
        }
      },
    },
  ]
}

export const cursorCases: readonly ServerCase[] = defineCases('10.1', [
  ...casesFor('long-poll', 'long-poll', cursorByLongPoll),
  ...casesFor('sse', 'SSE', cursorBySse),
  {
    id: '10.1/time-outs-advance-the-cursor',
    level: 'MUST',
    slow: true,
    title: 'a long-poll that times out also returns a cursor above the echoed one',
    async run(ctx) {
      const stream = await ctx.create()
      const sent = currentInterval() + 3n
      const polled = await stream.longPoll(await stream.tail(), { cursor: String(sent) })
      const cursor = BigInt(polled.expectStatus(204).expectHeader(H.cursor, /^\d+$/).requireHeader(H.cursor))
      check(
        cursor > sent && cursor <= sent + MOST_INTERVALS_AHEAD,
        `${cursor} does not follow ${sent}`,
        polled.describe(),
      )
    },
  },
  {
    id: '10.1/odd-cursors-are-no-server-error',
    level: 'MUST',
    title: 'a cursor that no server handed out is ignored, followed or refused with 400',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      for (const cursor of ['', 'abc', '-5', '1.5', '1e9', '9007199254740991', '9'.repeat(30)]) {
        const polled = await stream.longPoll('-1', { cursor })
        polled.expectStatus(200, 400)
        if (polled.status === 200) polled.expectHeader(H.cursor, /^\d+$/)
      }
    },
  },
])
