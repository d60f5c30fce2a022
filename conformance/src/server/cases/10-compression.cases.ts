import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

const ACCEPT = 'Accept-Encoding'
const ENCODING = 'Content-Encoding'
const LARGE = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ index, text: 'compressible' })))

/** Representations are chosen by RFC 9110, section 12.5.3; the specification relies on it for its entity tags. */
export const compressionCases: readonly ServerCase[] = defineCases('10', [
  {
    id: '10/gzip-is-used-when-accepted',
    level: 'MAY',
    needs: ['compression'],
    title: 'a large body is compressed for a client that accepts gzip, and decodes to the same bytes',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: LARGE })
      const plain = await stream.get()
      plain.expectStatus(200).expectNoHeader(ENCODING)
      for (const accept of ['gzip', 'deflate;q=0.1, gzip', 'gzip;q=0.5', 'GZIP', '*']) {
        const read = await stream.get({}, { [ACCEPT]: accept })
        read.expectStatus(200).expectBody(plain.bytes).expectHeader(H.nextOffset, plain.nextOffset)
        if (accept !== '*') read.expectHeader(ENCODING, 'gzip')
      }
    },
  },
  {
    id: '10/refused-encodings-are-not-used',
    level: 'MUST',
    needs: ['compression'],
    title: 'a client that refuses or does not name an encoding gets the body as it is',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: LARGE })
      for (const accept of [
        'gzip;q=0',
        'gzip; q=0.000, identity',
        'identity',
        '*;q=0, identity',
        'x-unknown',
        'xgzip',
      ]) {
        ;(await stream.get({}, { [ACCEPT]: accept })).expectStatus(200).expectNoHeader(ENCODING)
      }
    },
  },
  {
    id: '10/encodings-vary',
    level: 'MUST',
    needs: ['compression'],
    title: 'reads name Accept-Encoding in Vary, whichever encoding they chose',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: LARGE })
      for (const accept of ['gzip', 'identity']) {
        ;(await stream.get({}, { [ACCEPT]: accept })).expectHeader(
          'Vary',
          /(?:^|,)\s*accept-encoding\s*(?:,|$)/i,
        )
      }
    },
  },
  {
    id: '10/encodings-have-their-own-etags',
    level: 'MUST',
    needs: ['compression'],
    title: 'each encoding has an ETag of its own, or a weak one, and answers 304 to it',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: LARGE })
      const plain = (await stream.get()).requireHeader(H.etag)
      const packed = (await stream.get({}, { [ACCEPT]: 'gzip' }))
        .expectHeader(ENCODING, 'gzip')
        .requireHeader(H.etag)
      check(plain !== packed || plain.startsWith('W/'), `both encodings have the strong ETag ${plain}`)
      ;(await stream.get({}, { [H.ifNoneMatch]: plain })).expectStatus(304).expectHeader(H.etag, plain)
      const again = await stream.get({}, { [H.ifNoneMatch]: packed, [ACCEPT]: 'gzip' })
      again.expectStatus(304).expectHeader(H.etag, packed)
    },
  },
  {
    id: '10/compression-does-not-hold-events-back',
    level: 'MUST',
    needs: ['compression'],
    title: 'an SSE reader that accepts gzip gets every event as soon as it happens',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const events = await stream.sse('-1', {}, { [ACCEPT]: 'gzip' })
      await events.untilUpToDate(2000)
      const tail = await stream.append('x')
      await events.untilControl((fields) => fields.streamNextOffset === tail, 2000)
      equal(events.text, 'abcx', 'the data')
    },
  },
])
