import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const catchUpCases: readonly ServerCase[] = defineCases('5.6', [
  {
    id: '5.6/reads-from-the-beginning',
    level: 'MUST',
    title: 'a GET without an offset, like one from -1, returns everything with type, offset and Up-To-Date',
    async run(ctx) {
      for (const type of [TEXT, BINARY, 'application/x-protobuf']) {
        const stream = await ctx.create(type, { body: 'abc' })
        const tail = await stream.append('def')
        for (const query of [{}, { offset: '-1' }]) {
          const read = await stream.get(query)
          read.expectStatus(200).expectHeader(H.contentType, type).expectBody('abcdef')
          read.expectHeader(H.nextOffset, tail).expectHeader(H.upToDate, 'true').expectNoHeader(H.closed)
        }
      }
    },
  },
  {
    id: '5.6/reads-from-every-offset',
    level: 'MUST',
    title: 'a GET from any offset handed out returns exactly the bytes behind it',
    async run(ctx) {
      const stream = ctx.stream()
      const offsets = [(await stream.put()).nextOffset]
      const pieces = ['a', 'bcd', 'é€', '\n\n', 'z']
      for (const piece of pieces) offsets.push(await stream.append(piece))
      for (const [index, offset] of offsets.entries()) {
        const read = await stream.get({ offset })
        read
          .expectStatus(200)
          .expectBody(pieces.slice(index).join(''))
          .expectHeader(H.nextOffset, offsets.at(-1)!)
      }
    },
  },
  {
    id: '5.6/bytes-at-an-offset-never-change',
    level: 'MUST',
    title: 'what was read stays the beginning of every later read',
    async run(ctx) {
      const stream = await ctx.create()
      let before = ''
      for (const piece of ['a', 'bb', 'ccc']) {
        await stream.append(piece)
        const { text } = await stream.readAll()
        equal(text, before + piece, 'the content after an append')
        before = text
      }
    },
  },
  {
    id: '5.6/tail-is-empty-and-up-to-date',
    level: 'SHOULD',
    title: 'a GET at the tail answers 200 with an empty body, the same offset and Up-To-Date',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const tail = await stream.tail()
      const read = await stream.get({ offset: tail })
      read.expectStatus(200).expectBody('').expectHeader(H.nextOffset, tail).expectHeader(H.upToDate, 'true')
      read.expectMediaType(TEXT).expectNoHeader(H.closed)
    },
  },
  {
    id: '5.6/empty-stream-is-empty',
    level: 'MUST',
    title: 'a GET of an empty stream answers 200 with an empty body and Up-To-Date',
    async run(ctx) {
      const stream = ctx.stream()
      const { nextOffset } = await stream.put()
      for (const query of [{}, { offset: '-1' }, { offset: nextOffset }]) {
        const read = await stream.get(query)
        read
          .expectStatus(200)
          .expectBody('')
          .expectHeader(H.upToDate, 'true')
          .expectHeader(H.nextOffset, nextOffset)
      }
    },
  },
  {
    id: '5.6/end-of-a-closed-stream',
    level: 'MUST',
    title: 'the last data of a closed stream, and the empty read behind it, carry Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create()
      const middle = await stream.append('abc')
      const { nextOffset: end } = await stream.appendAndClose('def')
      for (const [offset, body] of [
        ['-1', 'abcdef'],
        [middle, 'def'],
        [end, ''],
      ] as const) {
        const read = await stream.get({ offset })
        read.expectStatus(200).expectBody(body).expectHeader(H.closed, 'true')
        read.expectHeader(H.upToDate, 'true').expectHeader(H.nextOffset, end)
      }
    },
  },
  {
    id: '5.6/closure-after-the-last-read-is-found-at-the-tail',
    level: 'MUST',
    title: 'a reader that was up to date finds a later closure by reading on',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const read = await stream.get()
      read.expectNoHeader(H.closed)
      await stream.close()
      const next = await stream.get({ offset: read.nextOffset })
      next.expectStatus(200).expectBody('').expectHeader(H.closed, 'true').expectHeader(H.upToDate, 'true')
    },
  },
  {
    id: '5.6/pages-join-without-a-gap',
    level: 'MUST',
    title:
      'a long stream is read in pages without gap or repeat, and only the last page says that it is the end',
    async run(ctx) {
      const stream = await ctx.create(BINARY)
      const block = new Uint8Array(256 * 1024).map((_, index) => (index * 7 + (index >> 8)) % 253)
      for (let round = 0; round < 12; round += 1) await stream.append(block)
      await stream.close()
      const { bytes, pages, last } = await stream.readAll()
      equal(bytes.length, 12 * block.length, 'the length of all pages together')
      check(
        Buffer.concat(Array.from({ length: 12 }, () => block)).equals(bytes),
        'the pages join to what was written',
      )
      last.expectHeader(H.closed, 'true')
      for (const page of pages.slice(0, -1)) page.expectNoHeader(H.upToDate).expectNoHeader(H.closed)
    },
  },
  {
    id: '5.6/json-pages-are-whole-arrays',
    level: 'MUST',
    title: 'a long JSON stream is read in pages that are each a whole array, without a message lost or torn',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const batch = Array.from({ length: 200 }, (_, index) => ({ index, filling: 'x'.repeat(index * 8) }))
      for (let round = 0; round < 12; round += 1) await stream.append(JSON.stringify(batch))
      const { messages } = await stream.readAll()
      equal(messages.length, 12 * batch.length, 'the number of messages')
      equal(messages.slice(-batch.length), batch, 'the last batch')
    },
  },
  {
    id: '5.6/malformed-offset-answers-400',
    level: 'MUST',
    title: 'a malformed offset answers 400, in every mode',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const malformed = [
        'not-a-valid-offset-format',
        '0 0',
        'a,b',
        'a/b',
        '../etc/passwd',
        'a\u0000b',
        'a\nb',
        '-2',
        'NOW',
        'Now',
        '--1',
        'undefined',
        '<script>',
        '0000000000000000_0000000000000000?',
        'x'.repeat(2000),
      ]
      for (const offset of malformed) {
        ;(await stream.get({ offset })).expectStatus(400)
        ;(await stream.longPoll(offset)).expectStatus(400)
        ;(await stream.get({ offset, live: 'sse' })).expectStatus(400)
      }
    },
  },
  {
    id: '5.6/empty-or-repeated-offset-answers-400',
    level: 'MUST',
    title: 'an empty or a repeated offset parameter answers 400',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ offset: '' })).expectStatus(400)
      ;(await stream.get({ offset: ['-1', '-1'] })).expectStatus(400)
      ;(await stream.get({ offset: ['-1', await stream.tail()] })).expectStatus(400)
    },
  },
  {
    id: '5.6/offset-beyond-the-tail-is-refused',
    level: 'MAY',
    title: 'an offset beyond the tail, which was handed out for a fork only, is refused',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const fork = await stream.fork()
      const beyond = await fork.append('def')
      ;(await stream.get({ offset: beyond })).expectStatus(400, 410)
    },
  },
  {
    id: '5.6/unknown-parameters-are-ignored',
    level: 'MUST',
    title: 'query parameters that the protocol does not know change nothing',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.get({ offset: '-1', foo: 'bar', Offset: 'x', _: '1' }))
        .expectStatus(200)
        .expectBody('abc')
    },
  },
  {
    id: '5.6/unknown-live-mode-answers-400',
    level: 'MAY',
    title: 'a live mode that the protocol does not know answers 400',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      for (const live of ['websocket', 'SSE', 'true', '']) {
        ;(await stream.get({ offset: '-1', live })).expectStatus(400)
      }
    },
  },
  {
    id: '5.6/missing-stream-answers-404',
    level: 'MUST',
    title: 'a GET of a stream that does not exist answers 404, from any offset',
    async run(ctx) {
      const offset = await (await ctx.create(TEXT, { body: 'abc' })).tail()
      for (const query of [{}, { offset: '-1' }, { offset: 'now' }, { offset }]) {
        ;(await ctx.stream().get(query)).expectStatus(404)
      }
    },
  },
  {
    id: '5.6/reads-racing-appends-are-prefixes',
    level: 'MUST',
    title: 'a read during appends ends between two of them, at the offset that it reports',
    async run(ctx) {
      const stream = await ctx.create()
      const appends = Array.from({ length: 30 }, () => stream.append('<0123456789>'))
      const reads = await Promise.all(Array.from({ length: 15 }, () => stream.readAll()))
      await Promise.all(appends)
      const whole = (await stream.readAll()).text
      for (const { text, last } of reads) {
        check(whole.startsWith(text) && text.length % 12 === 0, `a torn read: ${text}`, last.describe())
        const rest = await stream.readAll(last.nextOffset)
        equal(text + rest.text, whole, 'a read and what follows its offset', last.describe())
      }
    },
  },
])
