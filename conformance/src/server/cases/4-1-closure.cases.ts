import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

const SPELLINGS_OF_TRUE = ['true', 'TRUE', 'True', 'tRuE']
const OTHER_VALUES = ['false', 'yes', '1', '', 'truee', 'true true', 'on']

export const closureCases: readonly ServerCase[] = defineCases('4.1', [
  {
    id: '4.1/true-in-any-letter-case-closes',
    level: 'MUST',
    title: 'Stream-Closed: true closes on POST in any letter case',
    async run(ctx) {
      for (const spelling of SPELLINGS_OF_TRUE) {
        const stream = await ctx.create()
        const closed = await stream.postBare({ headers: { [H.closed]: spelling } })
        closed.expectStatus(204).expectHeader(H.closed, 'true')
        const head = await stream.head()
        head.expectHeader(H.closed, 'true')
      }
    },
  },
  {
    id: '4.1/true-in-any-letter-case-creates-closed',
    level: 'MUST',
    title: 'Stream-Closed: true creates a closed stream on PUT in any letter case',
    async run(ctx) {
      for (const spelling of SPELLINGS_OF_TRUE) {
        const stream = await ctx.create(TEXT, { headers: { [H.closed]: spelling } })
        const head = await stream.head()
        head.expectStatus(200).expectHeader(H.closed, 'true')
      }
    },
  },
  {
    id: '4.1/other-values-do-not-close-on-append',
    level: 'MUST',
    title: 'an append with any other value of Stream-Closed is a plain append',
    async run(ctx) {
      for (const value of OTHER_VALUES) {
        const stream = await ctx.create()
        const appended = await stream.post('a', { headers: { [H.closed]: value } })
        appended.expectStatus(204).expectNoHeader(H.closed)
        await stream.append('b')
        const { text, last } = await stream.readAll()
        equal(text, 'ab', `the stream after Stream-Closed: "${value}"`)
        last.expectNoHeader(H.closed)
      }
    },
  },
  {
    id: '4.1/other-values-do-not-excuse-an-empty-body',
    level: 'MUST',
    title: 'an empty POST with any other value of Stream-Closed answers 400 and leaves the stream open',
    async run(ctx) {
      for (const value of OTHER_VALUES) {
        const stream = await ctx.create()
        const refused = await stream.postBare({ headers: { [H.closed]: value } })
        refused.expectStatus(400)
        const head = await stream.head()
        head.expectNoHeader(H.closed)
      }
    },
  },
  {
    id: '4.1/other-values-create-open-streams',
    level: 'MUST',
    title: 'a PUT with any other value of Stream-Closed creates an open stream',
    async run(ctx) {
      for (const value of OTHER_VALUES) {
        const stream = await ctx.create(TEXT, { headers: { [H.closed]: value } })
        const head = await stream.head()
        head.expectNoHeader(H.closed)
        await stream.append('still open')
      }
    },
  },
  {
    id: '4.1/closing-again-succeeds',
    level: 'SHOULD',
    title: 'closing a closed stream without a body answers 204 with the same offset',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const first = await stream.close()
      const second = await stream.close()
      equal(second.nextOffset, first.nextOffset, 'the offset of the second close', second.describe())
    },
  },
  {
    id: '4.1/closed-stays-closed',
    level: 'MUST',
    title: 'nothing reopens a closed stream',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      await stream.close()
      const attempts = [
        await stream.post('x'),
        await stream.post('x', { headers: { [H.closed]: 'false' } }),
        await stream.post('x', { headers: { [H.closed]: 'true' } }),
        await stream.put(),
        await stream.put({ headers: { [H.closed]: 'false' } }),
        await stream.put({ body: 'x' }),
      ]
      for (const attempt of attempts) attempt.expectStatus(409)
      const head = await stream.head()
      head.expectHeader(H.closed, 'true')
      equal((await stream.readAll()).text, 'abc', 'the content of the closed stream')
    },
  },
  {
    id: '4.1/closed-data-stays-readable',
    level: 'MUST',
    title: 'all data of a closed stream is readable from every offset',
    async run(ctx) {
      const stream = await ctx.create()
      const afterA = await stream.append('a')
      const afterB = await stream.append('b')
      await stream.close()
      equal((await stream.readAll()).text, 'ab', 'from the beginning')
      equal((await stream.readAll(afterA)).text, 'b', 'from the middle')
      equal((await stream.readAll(afterB)).text, '', 'from the tail')
    },
  },
  {
    id: '4.1/every-mode-shows-the-closure',
    level: 'MUST',
    title: 'HEAD, catch-up, long-poll and SSE all show the closure',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = (await stream.close()).nextOffset
      const head = await stream.head()
      head.expectStatus(200).expectHeader(H.closed, 'true')
      const caughtUp = await stream.get({ offset: tail })
      caughtUp.expectStatus(200).expectHeader(H.closed, 'true').expectBody('')
      const polled = await stream.longPoll(tail)
      polled.expectStatus(204).expectHeader(H.closed, 'true')
      const events = await stream.sse(tail)
      await events.untilControl((fields) => fields.streamClosed === true)
    },
  },
  {
    id: '4.1/open-streams-do-not-show-closure',
    level: 'MUST',
    title: 'no response of an open stream carries Stream-Closed',
    async run(ctx) {
      const stream = ctx.stream()
      const answers = [
        await stream.put(),
        await stream.post('abc'),
        await stream.head(),
        await stream.get(),
        await stream.get({ offset: 'now' }),
        await stream.longPoll('-1'),
      ]
      for (const answer of answers) answer.expectNoHeader(H.closed)
    },
  },
  {
    id: '4.1/last-append-and-closure-appear-together',
    level: 'MUST',
    title: 'no reader sees the last body without the closure, or the closure without the last body',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'first,' })
      let done = false
      const reader = async (): Promise<void> => {
        while (!done) {
          const read = await stream.get({ offset: '-1' })
          const isWhole = read.expectStatus(200).text === 'first,last'
          const isClosed = read.header(H.closed) === 'true'
          if (isWhole !== isClosed) read.fail('the last body and the closure do not appear together')
          // A server within this process would otherwise never let a timer run.
          await ctx.sleep(0)
        }
      }
      const readers = [reader(), reader(), reader()]
      await ctx.sleep(15)
      await stream.appendAndClose('last').finally(() => (done = true))
      await Promise.all(readers)
    },
  },
  {
    id: '4.1/close-racing-appends-loses-nothing',
    level: 'MUST',
    title: 'appends that race a close are either stored before it or refused with 409',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const appends = Array.from({ length: 24 }, async (_, index) => {
        if (index === 12) await stream.close()
        const answer = await stream.post(String(index))
        if (answer.status === 409) answer.expectHeader(H.closed, 'true')
        else answer.expectStatus(204)
        return { index, stored: answer.status === 204 }
      })
      const results = await Promise.all(appends)
      const stored = results.filter((one) => one.stored).map((one) => one.index)
      const { messages, last } = await stream.readAll()
      last.expectHeader(H.closed, 'true')
      equal(
        [...(messages as number[])].sort((a, b) => a - b),
        stored,
        'the messages that were acknowledged',
      )
      check(!stored.includes(12), 'an append sent after the close was acknowledged is not stored')
    },
  },
])
