import { check, equal, isBefore } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const appendCases: readonly ServerCase[] = defineCases('5.2', [
  {
    id: '5.2/append-answers-204',
    level: 'MUST',
    title: 'an append answers 204 without a body and with the new tail',
    async run(ctx) {
      const stream = ctx.stream()
      const before = (await stream.put()).nextOffset
      const appended = await stream.post('abc')
      appended.expectStatus(204).expectBody('').expectNoHeader(H.closed)
      check(isBefore(before, appended.nextOffset), 'the tail moves on', appended.describe())
      equal(await stream.tail(), appended.nextOffset, 'the tail by HEAD', appended.describe())
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.2/appends-keep-their-order',
    level: 'MUST',
    title: 'appends sent one after the other are read in that order',
    async run(ctx) {
      const stream = await ctx.create()
      for (let index = 0; index < 20; index += 1) await stream.append(`${index};`)
      const expected = Array.from({ length: 20 }, (_, index) => `${index};`).join('')
      equal((await stream.readAll()).text, expected, 'the content')
    },
  },
  {
    id: '5.2/concurrent-appends-stay-whole',
    level: 'MUST',
    title: 'appends sent at once are each stored once and whole, at offsets of their own',
    async run(ctx) {
      const stream = await ctx.create()
      const bodies = Array.from({ length: 30 }, (_, index) => `<${String(index).repeat(50)}>`)
      const offsets = await Promise.all(bodies.map((body) => stream.append(body)))
      equal(new Set(offsets).size, bodies.length, 'the number of different offsets')
      const { text } = await stream.readAll()
      equal(text.match(/<\d+>/g)?.sort(), [...bodies].sort(), 'the appended pieces')
      const byOffset = bodies.map((body, index) => ({ body, offset: offsets[index]! }))
      byOffset.sort((left, right) => (isBefore(left.offset, right.offset) ? -1 : 1))
      equal(text, byOffset.map((one) => one.body).join(''), 'the content in the order of the offsets')
    },
  },
  {
    id: '5.2/bytes-come-back-unchanged',
    level: 'MUST',
    title: 'every byte value, and a body of a megabyte, come back as they were sent',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
      const large = new Uint8Array(1024 * 1024).map((_, index) => (index * 31) % 251)
      await stream.append(everyByte)
      await stream.append(large)
      equal((await stream.readAll()).bytes, new Uint8Array(Buffer.concat([everyByte, large])), 'the content')
    },
  },
  {
    id: '5.2/chunked-body-is-one-append',
    level: 'SHOULD',
    title: 'a chunked body is stored whole, as one append',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const pieces = ['{"a":', '1', '}']
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await ctx.sleep(10)
          const piece = pieces.shift()
          if (piece === undefined) controller.close()
          else controller.enqueue(Buffer.from(piece))
        },
      })
      await stream.append(body)
      equal((await stream.readAll()).messages, [{ a: 1 }], 'the messages')
    },
  },
  {
    id: '5.2/missing-stream-answers-404',
    level: 'MUST',
    title: 'a POST to a stream that does not exist answers 404 and creates none',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.post('abc')).expectStatus(404)
      ;(await stream.post('abc', { headers: { [H.closed]: 'true' } })).expectStatus(404)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'abc')).expectStatus(404)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.2/another-content-type-answers-409',
    level: 'MUST',
    title: 'an append with another content type answers 409 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      for (const type of [JSON_TYPE, 'text/html', BINARY]) {
        const refused = await stream.post('[1]', { headers: { [H.contentType]: type } })
        refused.expectStatus(409).expectNoHeader(H.closed)
      }
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.2/content-type-compares-in-any-case',
    level: 'SHOULD',
    title: 'an append that spells the content type in other letter case is accepted',
    async run(ctx) {
      const stream = await ctx.create()
      await stream.append('abc', { [H.contentType]: 'Text/Plain' })
    },
  },
  {
    id: '5.2/content-type-parameters-are-compared-by-meaning',
    level: 'MAY',
    title: 'an append may add or omit a charset, but not contradict the one of the stream',
    async run(ctx) {
      const plain = await ctx.create()
      await plain.append('a', { [H.contentType]: 'text/plain; charset=utf-8' })
      const explicit = await ctx.create('text/plain; charset=utf-8')
      await explicit.append('a', { [H.contentType]: 'text/plain' })
      await explicit.append('b', { [H.contentType]: 'text/plain;charset="UTF-8"' })
      const refused = await explicit.post('c', {
        headers: { [H.contentType]: 'text/plain; charset=iso-8859-1' },
      })
      refused.expectStatus(409)
      equal((await explicit.readAll()).text, 'ab', 'the content')
    },
  },
  {
    id: '5.2/missing-content-type-answers-400',
    level: 'MUST',
    title: 'an append without a Content-Type answers 400 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      ;(await stream.postBare({ body: 'abc' })).expectStatus(400)
      ;(await stream.postBare({ body: 'abc', headers: { [H.closed]: 'true' } })).expectStatus(400)
      ;(await stream.get()).expectBody('').expectNoHeader(H.closed)
    },
  },
  {
    id: '5.2/empty-body-answers-400',
    level: 'MUST',
    title: 'an append with an empty body answers 400, with or without a type, a sequence or a producer',
    async run(ctx) {
      const stream = await ctx.create()
      const answers = [
        await stream.postBare({}),
        await stream.post(''),
        await stream.post('', { headers: { [H.seq]: '1' } }),
        await stream.produce({ id: 'p', epoch: 0, seq: 0 }, ''),
        await stream.post(new Blob([]).stream()),
      ]
      for (const answer of answers) answer.expectStatus(400)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'a', { [H.seq]: '1' })).expectStatus(200)
      equal((await stream.readAll()).text, 'a', 'the content')
    },
  },
  {
    id: '5.2/body-over-the-limit-answers-413',
    level: 'MUST',
    needs: ['body-limit'],
    title: 'a body over the limit answers 413 and stores nothing, with a known length or chunked',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      const tooLong = new Uint8Array(ctx.bodyLimitBytes + 1)
      ;(await stream.post(tooLong)).expectStatus(413)
      ;(await stream.post(new Blob([tooLong]).stream())).expectStatus(413)
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, tooLong)).expectStatus(413)
      const fresh = ctx.stream(BINARY)
      ;(await fresh.put({ body: tooLong })).expectStatus(413)
      ;(await fresh.head()).expectStatus(404)
      ;(await stream.get()).expectStatus(200).expectBody('')
      await stream.append(new Uint8Array(ctx.bodyLimitBytes))
    },
  },
])
