import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

export const forkCreateCases: readonly ServerCase[] = defineCases('4.2', [
  {
    id: '4.2/forks-at-the-tail-by-default',
    level: 'MUST',
    title: 'a fork without an offset inherits everything and begins at the tail of the source',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = ctx.stream(TEXT, 'fork')
      const forked = await source.forkInto(fork)
      forked
        .expectStatus(201)
        .expectMediaType(TEXT)
        .expectHeader(H.nextOffset, await source.tail())
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
    },
  },
  {
    id: '4.2/inherits-up-to-the-offset',
    level: 'MUST',
    title: 'a fork at an offset inherits the data before it and none from it on',
    async run(ctx) {
      const source = ctx.stream()
      const start = (await source.put()).expectStatus(201).nextOffset
      const afterA = await source.append('a')
      const afterB = await source.append('b')
      await source.append('c')
      for (const [offset, content] of [
        [start, ''],
        [afterA, 'a'],
        [afterB, 'ab'],
      ] as const) {
        const fork = ctx.stream(TEXT, 'fork')
        const forked = await source.forkInto(fork, { offset })
        forked.expectStatus(201).expectHeader(H.nextOffset, offset)
        equal((await fork.readAll()).text, content, `the fork at ${offset}`)
      }
    },
  },
  {
    id: '4.2/put-body-follows-the-inherited-data',
    level: 'MUST',
    title: 'the body of the PUT that forks comes after the inherited data',
    async run(ctx) {
      const source = ctx.stream()
      await source.put()
      const afterA = await source.append('a')
      await source.append('b')
      const fork = ctx.stream(TEXT, 'fork')
      const forked = await source.forkInto(fork, {
        offset: afterA,
        body: 'x',
        headers: { [H.contentType]: TEXT },
      })
      forked.expectStatus(201).expectHeader(H.nextOffset, await fork.tail())
      equal((await fork.readAll()).text, 'ax', 'the content of the fork')
      equal((await source.readAll()).text, 'ab', 'the content of the source')
    },
  },
  {
    id: '4.2/inherits-the-content-type',
    level: 'MUST',
    title: 'a fork without a Content-Type has the content type of its source',
    async run(ctx) {
      for (const type of [JSON_TYPE, TEXT, BINARY, 'application/x-protobuf']) {
        const source = await ctx.create(type)
        const fork = ctx.stream(type, 'fork')
        const forked = await source.forkInto(fork)
        forked.expectStatus(201).expectMediaType(type)
        const head = await fork.head()
        head.expectStatus(200).expectMediaType(type)
      }
    },
  },
  {
    id: '4.2/same-content-type-is-accepted',
    level: 'MUST',
    title: 'a fork with the content type of its source is created',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE, { body: '[1]' })
      const fork = await source.fork({ headers: { [H.contentType]: JSON_TYPE } })
      equal((await fork.readAll()).messages, [1], 'the messages of the fork')
    },
  },
  {
    id: '4.2/other-content-type-answers-409',
    level: 'MUST',
    title: 'a fork with another content type than its source answers 409 and creates nothing',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE)
      const fork = ctx.stream(TEXT, 'fork')
      const refused = await source.forkInto(fork, { headers: { [H.contentType]: TEXT } })
      refused.expectStatus(409)
      ;(await fork.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/missing-source-answers-404',
    level: 'MUST',
    title: 'a fork of a stream that does not exist answers 404 and creates nothing',
    async run(ctx) {
      const fork = ctx.stream(TEXT, 'fork')
      const refused = await ctx.stream().forkInto(fork)
      refused.expectStatus(404)
      ;(await fork.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/fork-of-itself-is-refused',
    level: 'MUST',
    title: 'a stream cannot be created as a fork of itself',
    async run(ctx) {
      const stream = ctx.stream()
      ;(await stream.forkInto(stream)).expectStatus(404)
      ;(await stream.put()).expectStatus(201)
      ;(await stream.forkInto(stream)).expectStatus(409)
      ;(await stream.delete()).expectStatus(204)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/offset-beyond-the-tail-answers-400',
    level: 'MUST',
    title: 'a fork offset beyond the tail of the source answers 400 and creates nothing',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const sibling = await source.fork()
      // Both count in one space of offsets, so the sibling's tail now lies beyond the source's.
      const beyond = await sibling.append('def')
      for (const offset of [beyond, '9999999999999999_9999999999999999']) {
        const fork = ctx.stream(TEXT, 'fork')
        ;(await source.forkInto(fork, { offset })).expectStatus(400)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/malformed-offset-answers-400',
    level: 'MUST',
    title: 'a malformed fork offset answers 400 and creates nothing',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      for (const offset of ['not-an-offset', 'a,b', '../x', '0 0', '0000000000000000_0000000000000000x']) {
        const fork = ctx.stream(TEXT, 'fork')
        ;(await source.forkInto(fork, { offset })).expectStatus(400)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/fork-offset-without-a-source-is-refused',
    level: 'SHOULD',
    title: 'a fork offset without Stream-Forked-From answers 400 and creates nothing',
    async run(ctx) {
      const other = await ctx.create(TEXT, { body: 'abc' })
      const stream = ctx.stream()
      ;(await stream.put({ headers: { [H.forkOffset]: await other.tail() } })).expectStatus(400)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/repeating-the-fork-answers-200',
    level: 'MUST',
    title: 'repeating a PUT that forks, without a Content-Type like before, answers 200 and adds nothing',
    async run(ctx) {
      const source = ctx.stream()
      await source.put({ headers: { [H.ttl]: '600' } })
      const afterA = await source.append('a')
      await source.append('b')
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { offset: afterA })).expectStatus(201)
      const again = await source.forkInto(fork, { offset: afterA })
      again.expectStatus(200).expectMediaType(TEXT).expectHeader(H.nextOffset, afterA)
      equal((await fork.readAll()).text, 'a', 'the content of the fork')
    },
  },
  {
    id: '4.2/repeating-the-fork-at-the-tail-answers-200',
    level: 'MUST',
    title: 'repeating a PUT that forks at the tail answers 200, with or without the inherited TTL',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '600' } })
      const fork = ctx.stream(TEXT, 'fork')
      const headers = { [H.contentType]: TEXT }
      ;(await source.forkInto(fork, { headers })).expectStatus(201)
      ;(await source.forkInto(fork, { headers })).expectStatus(200)
      ;(await source.forkInto(fork, { headers: { ...headers, [H.ttl]: '600' } })).expectStatus(200)
    },
  },
  {
    id: '4.2/another-configuration-answers-409',
    level: 'MUST',
    title: 'a PUT on an existing fork with another source, offset, sub-offset or lifetime answers 409',
    async run(ctx) {
      const source = ctx.stream()
      const start = (await source.put()).nextOffset
      const tail = await source.append('abc')
      const other = await ctx.create(TEXT, { body: 'abc' })
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { offset: tail })).expectStatus(201)
      const refused = [
        await source.forkInto(fork, { offset: start }),
        await source.forkInto(fork, { offset: start, subOffset: 1 }),
        await other.forkInto(fork),
        await source.forkInto(fork, { offset: tail, headers: { [H.ttl]: '60' } }),
      ]
      for (const answer of refused) answer.expectStatus(409)
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
    },
  },
  {
    id: '4.2/target-in-use-answers-409',
    level: 'MUST',
    title: 'a fork onto the path of a plain stream answers 409 and leaves that stream as it was',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const taken = await ctx.create(TEXT, { body: 'mine' })
      ;(await source.forkInto(taken)).expectStatus(409)
      equal((await taken.readAll()).text, 'mine', 'the content of the stream in use')
    },
  },
  {
    id: '4.2/fork-of-a-closed-stream-is-open',
    level: 'MAY',
    title: 'a closed stream can be forked, and the fork is open',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      await source.close()
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork)).expectStatus(201).expectNoHeader(H.closed)
      ;(await fork.get()).expectStatus(200).expectNoHeader(H.closed).expectBody('abc')
      await fork.append('def')
      equal((await fork.readAll()).text, 'abcdef', 'the content of the fork')
      equal((await source.readAll()).text, 'abc', 'the content of the source')
    },
  },
  {
    id: '4.2/fork-can-be-created-closed',
    level: 'MUST',
    title: 'a PUT that forks with Stream-Closed creates a closed fork of an open source',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = ctx.stream(TEXT, 'fork')
      const headers = { [H.closed]: 'true', [H.contentType]: TEXT }
      ;(await source.forkInto(fork, { headers, body: 'def' }))
        .expectStatus(201)
        .expectHeader(H.closed, 'true')
      ;(await fork.get()).expectStatus(200).expectBody('abcdef').expectHeader(H.closed, 'true')
      ;(await source.head()).expectNoHeader(H.closed)
    },
  },
  {
    id: '4.2/responses-carry-no-fork-headers',
    level: 'MUST',
    title: 'the sub-offset appears in no response of a fork',
    async run(ctx) {
      const source = ctx.stream()
      const start = (await source.put()).nextOffset
      await source.append('abc')
      const fork = ctx.stream(TEXT, 'fork')
      const created = await source.forkInto(fork, { offset: start, subOffset: 2 })
      created.expectStatus(201)
      const answers = [
        created,
        await fork.head(),
        await fork.get(),
        await fork.post('x'),
        await fork.longPoll('-1'),
      ]
      for (const answer of answers) answer.expectNoHeader(H.forkSubOffset)
    },
  },
])
