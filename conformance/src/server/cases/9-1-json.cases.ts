import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE } from '../wire-names.js'

const FLATTENING = [
  ['{"event":"created"}', [{ event: 'created' }]],
  ['[{"event":"a"},{"event":"b"}]', [{ event: 'a' }, { event: 'b' }]],
  [
    '[[1,2],[3,4]]',
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['[[[1,2,3]]]', [[[1, 2, 3]]]],
  ['[[]]', [[]]],
  ['[{}]', [{}]],
  ['1', [1]],
  ['"text"', ['text']],
  ['null', [null]],
  ['false', [false]],
  ['""', ['']],
  ['[null,null]', [null, null]],
  [' \t\r\n [ 1 , "two" ] \n', [1, 'two']],
  ['["],[", "\\"", "\\\\"]', ['],[', '"', '\\']],
] as const

const INVALID = [
  '{"cut":',
  '[1,2',
  '[1,]',
  '[,1]',
  '{"a":1,}',
  '{"a" 1}',
  "{'a':1}",
  '{a:1}',
  '[1][2]',
  '1 2',
  '{}{}',
  '// comment\n1',
  'NaN',
  'undefined',
  '01',
  '1.',
  '.5',
  '+1',
  '1e',
  '0x10',
  '"a\nb"',
  '"\\x41"',
  '"\\u12"',
  '"open',
  'tru',
  ']',
  '   ',
  '\n',
] as const

const INVALID_UTF8 = [
  Uint8Array.of(0x22, 0xff, 0x22),
  Uint8Array.of(0x22, 0xc3, 0x22),
  Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
  Uint8Array.of(0x22, 0xc0, 0xaf, 0x22),
  Uint8Array.of(0x22, 0xf4, 0x90, 0x80, 0x80, 0x22),
  Uint8Array.of(0x31, 0xe2, 0x82),
]

export const jsonCases: readonly ServerCase[] = defineCases('9.1', [
  {
    id: '9.1/arrays-are-flattened-once',
    level: 'MUST',
    title: 'a body stores one message, or each element of its outermost array as one, by POST and by PUT',
    async run(ctx) {
      for (const [body, messages] of FLATTENING) {
        const appended = await ctx.create(JSON_TYPE)
        await appended.append(body)
        equal((await appended.readAll()).messages, messages, `the messages of POST ${body}`)
        const created = await ctx.create(JSON_TYPE, { body })
        equal((await created.readAll()).messages, messages, `the messages of PUT ${body}`)
      }
    },
  },
  {
    id: '9.1/messages-keep-their-boundaries',
    level: 'MUST',
    title: 'a read returns one array of all messages in order, from any offset',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const first = await stream.append('{"a":1}')
      const second = await stream.append('[2,[3]]')
      await stream.append('"four"')
      const read = await stream.get()
      read
        .expectStatus(200)
        .expectMediaType(JSON_TYPE)
        .expectJson([{ a: 1 }, 2, [3], 'four'])
      ;(await stream.get({ offset: first })).expectStatus(200).expectJson([2, [3], 'four'])
      ;(await stream.get({ offset: second })).expectStatus(200).expectJson(['four'])
    },
  },
  {
    id: '9.1/empty-range-is-an-empty-array',
    level: 'MUST',
    title: 'a read without messages returns [], on an empty stream and at the tail',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      ;(await stream.get()).expectStatus(200).expectMediaType(JSON_TYPE).expectBody('[]')
      const tail = await stream.append('[1]')
      ;(await stream.get({ offset: tail })).expectStatus(200).expectMediaType(JSON_TYPE).expectBody('[]')
      await stream.close()
      ;(await stream.get({ offset: tail })).expectStatus(200).expectBody('[]').expectHeader(H.closed, 'true')
    },
  },
  {
    id: '9.1/empty-array-is-refused',
    level: 'MUST',
    title: 'a POST of an empty array answers 400, also with white space, also when it would close',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      for (const body of ['[]', '[ ]', ' [\n] ']) {
        ;(await stream.post(body)).expectStatus(400)
        ;(await stream.post(body, { headers: { [H.closed]: 'true' } })).expectStatus(400)
      }
      ;(await stream.get()).expectBody('[]').expectNoHeader(H.closed)
    },
  },
  {
    id: '9.1/empty-array-creates-an-empty-stream',
    level: 'MUST',
    title: 'a PUT of an empty array creates an empty stream',
    async run(ctx) {
      for (const body of ['[]', ' [ ] ']) {
        const stream = ctx.stream(JSON_TYPE)
        ;(await stream.put({ body })).expectStatus(201)
        ;(await stream.get()).expectStatus(200).expectBody('[]')
        await stream.append('1')
        equal((await stream.readAll()).messages, [1], 'the messages')
      }
    },
  },
  {
    id: '9.1/invalid-json-answers-400',
    level: 'MUST',
    title: 'a POST of invalid JSON answers 400 and leaves nothing behind',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '["kept"]' })
      const tail = await stream.tail()
      for (const body of INVALID) (await stream.post(body)).expectStatus(400)
      ;(await stream.get()).expectBody('["kept"]').expectHeader(H.nextOffset, tail)
    },
  },
  {
    id: '9.1/invalid-utf8-answers-400',
    level: 'MUST',
    title: 'a body that is no UTF-8 is no JSON: it answers 400 and leaves nothing behind',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '["kept"]' })
      const tail = await stream.tail()
      for (const body of INVALID_UTF8) (await stream.post(body)).expectStatus(400)
      ;(await stream.get()).expectBody('["kept"]').expectHeader(H.nextOffset, tail)
      for (const body of INVALID_UTF8) {
        const fresh = ctx.stream(JSON_TYPE)
        ;(await fresh.put({ body })).expectStatus(400)
        ;(await fresh.head()).expectStatus(404)
      }
    },
  },
  {
    id: '9.1/array-with-one-bad-element-stores-none',
    level: 'MUST',
    title: 'an array that breaks after valid elements stores none of them',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      ;(await stream.post(`[${'{"a":1},'.repeat(50)}{"a":}]`)).expectStatus(400)
      ;(await stream.get()).expectBody('[]')
    },
  },
  {
    id: '9.1/numbers-keep-their-spelling',
    level: 'SHOULD',
    title: 'numbers come back as they were written, large, precise or with an exponent',
    async run(ctx) {
      const numbers = [
        '12345678901234567890',
        '1.0',
        '1e2',
        '-0',
        '0.1000',
        '1E+400',
        '3.141592653589793238462643',
      ]
      const stream = await ctx.create(JSON_TYPE)
      for (const number of numbers) {
        await stream.append(number)
        await stream.append(`[${number},{"n":${number}}]`)
      }
      const { text } = (await stream.readAll()).last
      const expected = numbers.flatMap((number) => [number, number, `{"n":${number}}`]).join(',')
      equal(text.replaceAll(/\s/g, ''), `[${expected}]`, 'the body, without white space')
    },
  },
  {
    id: '9.1/members-keep-their-spelling',
    level: 'SHOULD',
    title: 'duplicate keys, key order, escapes and odd names come back as they were written',
    async run(ctx) {
      const messages = [
        '{"a":1,"a":2}',
        '{"2":"b","1":"a"}',
        '{"__proto__":{"x":1},"constructor":2}',
        String.raw`"\u0041\u00e9\/\ud83d\ude00"`,
        String.raw`"\ud800"`,
        '"\u2028\u2029\u007f"',
      ]
      const stream = await ctx.create(JSON_TYPE)
      await stream.append(`[${messages.slice(0, 3).join(',')}]`)
      for (const message of messages.slice(3)) await stream.append(message)
      const { text } = (await stream.readAll()).last
      equal(text.replaceAll(/[ \t\r\n]/g, ''), `[${messages.join(',')}]`, 'the body, without white space')
    },
  },
  {
    id: '9.1/content-type-names-the-mode',
    level: 'MUST',
    title: 'parameters and letter case of application/json do not change the mode, another type does',
    async run(ctx) {
      for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
        const stream = await ctx.create(type)
        await stream.append('[1,2]')
        ;(await stream.get()).expectJson([1, 2])
        ;(await stream.post('{"cut":')).expectStatus(400)
      }
      for (const type of [
        'application/vnd.api+json',
        'application/ndjson',
        'application/json-seq',
        'text/json',
      ]) {
        const stream = await ctx.create(type)
        await stream.append('[1,2]')
        await stream.append('{"cut":')
        await stream.append('[]')
        ;(await stream.get()).expectBody('[1,2]{"cut":[]')
      }
    },
  },
  {
    id: '9.1/many-messages-keep-their-order',
    level: 'MUST',
    title: 'ten thousand messages in one body are stored in order',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const messages = Array.from({ length: 10_000 }, (_, index) => index)
      await stream.append(JSON.stringify(messages))
      equal((await stream.readAll()).messages, messages, 'the messages')
    },
  },
  {
    id: '9.1/deep-nesting-is-no-server-error',
    level: 'MUST',
    title: 'a deeply nested message is stored whole or refused with 400',
    async run(ctx) {
      for (const depth of [200, 20_000]) {
        const stream = await ctx.create(JSON_TYPE)
        const body = `${'['.repeat(depth)}1${']'.repeat(depth)}`
        const answer = await stream.post(body)
        answer.expectStatus(204, 400, 413)
        const expected = answer.status === 204 ? body : '[]'
        equal((await stream.get()).text.replaceAll(/\s/g, ''), expected, 'the content')
      }
    },
  },
  {
    id: '9.1/forks-read-as-one-array',
    level: 'MUST',
    title: 'a read across the fork point returns inherited and own messages in one array',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE)
      const offset = await source.append('[1,2]')
      await source.append('3')
      const fork = await source.fork({ offset })
      await fork.append('["own"]')
      ;(await fork.get()).expectStatus(200).expectMediaType(JSON_TYPE).expectJson([1, 2, 'own'])
    },
  },
])
