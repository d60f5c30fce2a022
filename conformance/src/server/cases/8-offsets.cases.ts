import { check, equal, isBefore } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, JSON_TYPE, TEXT } from '../wire-names.js'

export const offsetCases: readonly ServerCase[] = defineCases('8', [
  {
    id: '8/offsets-rise',
    level: 'MUST',
    title: 'each append gets an offset that sorts after all before it, whatever its size',
    async run(ctx) {
      const stream = ctx.stream()
      const offsets = [(await stream.put()).nextOffset]
      for (const length of [1, 1, 8, 90, 9, 900, 99, 10_000, 1, 100_000]) {
        offsets.push(await stream.append('x'.repeat(length)))
      }
      for (const [index, offset] of offsets.slice(1).entries()) {
        check(isBefore(offsets[index]!, offset), `${offsets[index]!} does not sort before ${offset}`)
      }
    },
  },
  {
    id: '8/offsets-of-json-rise',
    level: 'MUST',
    title: 'appends to a JSON stream get rising offsets, each being a place to read from',
    async run(ctx) {
      const stream = ctx.stream(JSON_TYPE)
      const offsets = [(await stream.put()).nextOffset]
      for (const body of ['1', '[2,3]', '{"a":4}', '[[5]]']) offsets.push(await stream.append(body))
      const expected = [1, 2, 3, { a: 4 }, [5]]
      for (const [index, skipped] of [0, 1, 3, 4, 5].entries()) {
        equal(
          (await stream.readAll(offsets[index])).messages,
          expected.slice(skipped),
          `from offset ${index}`,
        )
      }
      equal(offsets, [...offsets].sort(), 'the offsets, sorted')
    },
  },
  {
    id: '8/offsets-are-tokens',
    level: 'MUST',
    title: 'offsets have no reserved characters and are no sentinels',
    async run(ctx) {
      const stream = ctx.stream()
      const answers = [await stream.put(), await stream.post('abc'), await stream.head(), await stream.get()]
      answers.push(await stream.get({ offset: 'now' }), await stream.longPoll('-1'))
      for (const answer of answers) {
        const offset = answer.nextOffset
        check(!/[,&=?/]/.test(offset), `the offset ${offset} has a reserved character`, answer.describe())
      }
    },
  },
  {
    id: '8/offsets-are-short-and-url-safe',
    level: 'SHOULD',
    title: 'offsets have fewer than 256 characters, none of which needs escaping in a URL',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const offset = await stream.tail()
      check(offset.length < 256, `the offset has ${offset.length} characters`)
      equal(encodeURIComponent(offset), offset, 'the offset, escaped')
    },
  },
  {
    id: '8/offsets-stay-valid',
    level: 'MUST',
    title: 'an offset means the same position after more appends and after the closure',
    async run(ctx) {
      const stream = await ctx.create()
      const offset = await stream.append('abc')
      for (const round of ['1', '2', '3']) {
        await stream.append(round)
        check((await stream.readAll(offset)).text.startsWith('1'), 'the first byte behind the offset')
      }
      await stream.close()
      equal((await stream.readAll(offset)).text, '123', 'what lies behind the offset')
    },
  },
  {
    id: '8/beginning-sentinel',
    level: 'MUST',
    title: 'offset -1 reads from the beginning in every mode',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ offset: '-1' })).expectStatus(200).expectBody('abc')
      ;(await stream.longPoll('-1')).expectStatus(200).expectBody('abc')
      const events = await stream.sse('-1')
      await events.untilUpToDate()
      equal(events.text, 'abc', 'the data over SSE')
    },
  },
  {
    id: '8/stale-offset-is-refused',
    level: 'SHOULD',
    title: 'an offset of a deleted stream is refused on the one created in its place, in every mode',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'old content' })
      const stale = await stream.tail()
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put({ body: 'quite another and longer content' })).expectStatus(201)
      ;(await stream.get({ offset: stale })).expectStatus(400, 410)
      ;(await stream.longPoll(stale)).expectStatus(400, 410)
      ;(await stream.get({ offset: stale, live: 'sse' })).expectStatus(400, 410)
      ;(await stream.forkInto(ctx.stream(TEXT, 'fork'), { offset: stale })).expectStatus(400)
    },
  },
  {
    id: '8/stale-offset-is-refused-also-at-the-same-length',
    level: 'SHOULD',
    title: 'a stale offset is refused also where the new stream has an equal tail position',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const stale = await stream.tail()
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put({ body: 'xyz' })).expectStatus(201)
      check((await stream.tail()) !== stale, `the new stream hands out ${stale} again`)
      ;(await stream.get({ offset: stale })).expectStatus(400, 410)
    },
  },
  {
    id: '8/stale-offset-answers-410',
    level: 'MAY',
    title: 'an offset of an earlier stream at the same path answers 410',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const stale = await stream.tail()
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put({ body: 'abcdef' })).expectStatus(201)
      ;(await stream.get({ offset: stale })).expectStatus(410)
    },
  },
  {
    id: '8/binary-offsets-count-every-byte',
    level: 'MUST',
    title: 'many small appends get as many different offsets',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      const offsets = new Set<string>()
      for (let index = 0; index < 40; index += 1) offsets.add(await stream.append(Uint8Array.of(index)))
      equal(offsets.size, 40, 'the number of different offsets')
    },
  },
])
