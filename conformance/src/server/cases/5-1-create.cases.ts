import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const createCases: readonly ServerCase[] = defineCases('5.1', [
  {
    id: '5.1/creates-with-201',
    level: 'MUST',
    title: 'a PUT of a new stream answers 201 with its content type and its tail, and the stream exists',
    async run(ctx) {
      for (const type of [TEXT, JSON_TYPE, BINARY, 'application/x-protobuf', 'application/ndjson']) {
        const stream = ctx.stream(type)
        const created = await stream.put()
        created.expectStatus(201).expectHeader(H.contentType, type).expectNoHeader(H.closed)
        equal(await stream.tail(), created.nextOffset, 'the tail of the new stream', created.describe())
      }
    },
  },
  {
    id: '5.1/location-is-the-stream-url',
    level: 'SHOULD',
    title: 'the Location of a 201 is the URL of the stream',
    async run(ctx) {
      const stream = ctx.stream()
      const created = await stream.put()
      created.expectStatus(201).expectHeader(H.location, stream.url)
    },
  },
  {
    id: '5.1/repeating-answers-200',
    level: 'MUST',
    title: 'a repeated PUT answers 200 with the content type and the present tail',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.ttl]: '600' } })
      const tail = await stream.append('abc')
      const again = await stream.put({ headers: { [H.ttl]: '600' } })
      again.expectStatus(200).expectMediaType(TEXT).expectHeader(H.nextOffset, tail)
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.1/repeating-with-a-body-adds-nothing',
    level: 'MUST',
    title: 'a repeated PUT with a body answers 200 and does not store the body again',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE, { body: '[1,2]' })
      const again = await stream.put({ body: '[1,2]' })
      again.expectStatus(200)
      equal((await stream.readAll()).messages, [1, 2], 'the messages')
    },
  },
  {
    id: '5.1/another-content-type-answers-409',
    level: 'MUST',
    title: 'a PUT with another content type answers 409 and changes nothing',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.put({ headers: { [H.contentType]: JSON_TYPE } })).expectStatus(409)
      ;(await stream.get()).expectStatus(200).expectMediaType(TEXT).expectBody('abc')
    },
  },
  {
    id: '5.1/content-type-compares-in-any-case',
    level: 'SHOULD',
    title: 'a PUT that spells the content type in other letter case answers 200',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      ;(await stream.put({ headers: { [H.contentType]: 'Application/JSON' } })).expectStatus(200)
    },
  },
  {
    id: '5.1/another-lifetime-answers-409',
    level: 'MUST',
    title: 'a PUT with another TTL or expiry answers 409 and changes nothing',
    async run(ctx) {
      const [ttl, expiry] = [{ [H.ttl]: '600' }, { [H.expiresAt]: '2090-01-01T00:00:00Z' }]
      const lifetimes = [{}, ttl, { [H.ttl]: '601' }, expiry, { [H.expiresAt]: '2090-01-01T00:00:01Z' }]
      for (const [made, headers] of lifetimes.entries()) {
        const stream = await ctx.create(TEXT, { headers })
        for (const [asked, otherHeaders] of lifetimes.entries()) {
          const answer = await stream.put({ headers: otherHeaders })
          answer.expectStatus(made === asked ? 200 : 409)
        }
      }
    },
  },
  {
    id: '5.1/closure-matrix-open',
    level: 'MUST',
    title: 'on an open stream a plain PUT answers 200 and one with Stream-Closed 409, which closes nothing',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await stream.put()).expectStatus(200).expectNoHeader(H.closed)
      ;(await stream.put({ headers: { [H.closed]: 'true' } })).expectStatus(409)
      ;(await stream.head()).expectNoHeader(H.closed)
      await stream.append('def')
    },
  },
  {
    id: '5.1/closure-matrix-closed',
    level: 'MUST',
    title: 'on a closed stream a plain PUT answers 409 and one with Stream-Closed 200',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      await stream.close()
      ;(await stream.put()).expectStatus(409)
      ;(await stream.put({ headers: { [H.closed]: 'true' } }))
        .expectStatus(200)
        .expectHeader(H.closed, 'true')
      ;(await stream.put({ headers: { [H.closed]: 'true', [H.contentType]: JSON_TYPE } })).expectStatus(409)
    },
  },
  {
    id: '5.1/closure-matrix-created-closed',
    level: 'MUST',
    title: 'a stream created closed answers 200 to the same PUT and 409 to one without Stream-Closed',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { headers: { [H.closed]: 'true' }, body: 'whole' })
      const again = await stream.put({ headers: { [H.closed]: 'TRUE' }, body: 'whole' })
      again.expectStatus(200).expectHeader(H.closed, 'true')
      ;(await stream.put({ body: 'whole' })).expectStatus(409)
      equal((await stream.readAll()).text, 'whole', 'the content')
    },
  },
  {
    id: '5.1/created-closed-with-a-body',
    level: 'MUST',
    title: 'a PUT with Stream-Closed and a body creates a closed stream of exactly that body',
    async run(ctx) {
      const stream = ctx.stream()
      const created = await stream.put({ headers: { [H.closed]: 'true' }, body: 'whole' })
      created.expectStatus(201).expectHeader(H.closed, 'true')
      const read = await stream.get()
      read.expectStatus(200).expectBody('whole').expectHeader(H.closed, 'true')
      read.expectHeader(H.nextOffset, created.nextOffset)
      ;(await stream.post('more')).expectStatus(409).expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.1/created-closed-and-empty',
    level: 'MUST',
    title: 'a PUT with Stream-Closed and no body creates an empty closed stream',
    async run(ctx) {
      const stream = ctx.stream(JSON_TYPE)
      ;(await stream.put({ headers: { [H.closed]: 'true' } }))
        .expectStatus(201)
        .expectHeader(H.closed, 'true')
      ;(await stream.get()).expectStatus(200).expectBody('[]').expectHeader(H.closed, 'true')
    },
  },
  {
    id: '5.1/initial-body-is-the-first-content',
    level: 'MUST',
    title: 'the body of the PUT is the first content, and the answer carries the tail behind it',
    async run(ctx) {
      const stream = ctx.stream()
      const created = await stream.put({ body: 'first,' })
      created.expectStatus(201)
      equal(await stream.tail(), created.nextOffset, 'the tail', created.describe())
      await stream.append('second')
      equal((await stream.readAll()).text, 'first,second', 'the whole content')
      equal((await stream.readAll(created.nextOffset)).text, 'second', 'the content behind the initial body')
    },
  },
  {
    id: '5.1/initial-body-may-be-chunked',
    level: 'SHOULD',
    title: 'a chunked body of a PUT is stored whole',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: new Blob(['chunk one, ', 'chunk two']).stream() })
      equal((await stream.readAll()).text, 'chunk one, chunk two', 'the content')
    },
  },
  {
    id: '5.1/missing-content-type-is-accepted',
    level: 'MUST',
    title: 'a PUT without a Content-Type creates a stream',
    async run(ctx) {
      const stream = ctx.stream(BINARY)
      ;(await stream.putUntyped()).expectStatus(201)
      ;(await stream.head()).expectStatus(200)
    },
  },
  {
    id: '5.1/missing-content-type-means-octet-stream',
    level: 'MAY',
    title: 'a stream created without a Content-Type is application/octet-stream',
    async run(ctx) {
      const stream = ctx.stream(BINARY)
      ;(await stream.putUntyped()).expectStatus(201).expectMediaType(BINARY)
      ;(await stream.head()).expectMediaType(BINARY)
      ;(await stream.put()).expectStatus(200)
    },
  },
  {
    id: '5.1/invalid-json-creates-nothing',
    level: 'MUST',
    title: 'a PUT whose body is invalid JSON answers 400 and leaves no stream behind',
    async run(ctx) {
      for (const body of ['{"cut":', '[1,]', 'nonsense', '[1][2]']) {
        const stream = ctx.stream(JSON_TYPE)
        ;(await stream.put({ body })).expectStatus(400)
        ;(await stream.head()).expectStatus(404)
        ;(await stream.put()).expectStatus(201)
        ;(await stream.get()).expectBody('[]')
      }
    },
  },
  {
    id: '5.1/deleted-path-is-fresh',
    level: 'MAY',
    title: 'a PUT on the path of a deleted stream creates an empty one with its own configuration',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'old', headers: { [H.ttl]: '600' } })
      await stream.close()
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.put({ headers: { [H.contentType]: JSON_TYPE } })).expectStatus(201)
      const head = await stream.head()
      head.expectStatus(200).expectMediaType(JSON_TYPE).expectNoHeader(H.ttl).expectNoHeader(H.closed)
      ;(await stream.get()).expectBody('[]')
    },
  },
  {
    id: '5.1/racing-creates-make-one-stream',
    level: 'MUST',
    title: 'of identical PUTs sent at once one answers 201 and the others 200, and the body is there once',
    async run(ctx) {
      const stream = ctx.stream()
      const answers = await Promise.all(Array.from({ length: 12 }, () => stream.put({ body: 'once' })))
      for (const answer of answers) answer.expectStatus(200, 201)
      equal(answers.filter((answer) => answer.status === 201).length, 1, 'the number of 201 answers')
      equal((await stream.readAll()).text, 'once', 'the content')
    },
  },
  {
    id: '5.1/racing-creates-agree-on-one-type',
    level: 'MUST',
    title: 'of PUTs with different content types sent at once, one type wins and the others answer 409',
    async run(ctx) {
      const stream = ctx.stream()
      const types = Array.from({ length: 12 }, (_, index) => `application/x-type-${index % 4}`)
      const answers = await Promise.all(
        types.map((type) => stream.put({ headers: { [H.contentType]: type } })),
      )
      const winner = (await stream.head()).header(H.contentType)
      for (const [index, answer] of answers.entries()) {
        if (types[index] === winner) answer.expectStatus(200, 201)
        else answer.expectStatus(409)
      }
      check(answers.filter((answer) => answer.status === 201).length === 1, 'exactly one PUT answers 201')
    },
  },
])
