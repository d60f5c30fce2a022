import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

const COLLECTED_WITHIN_MS = 5000

export const forkLifecycleCases: readonly ServerCase[] = defineCases('4.2', [
  {
    id: '4.2/deleting-a-source-keeps-its-forks',
    level: 'MUST',
    title: 'a fork reads all inherited data after its source has been deleted, and goes on',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      ;(await source.delete()).expectStatus(204)
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
      await fork.append('def')
      equal((await fork.readAll()).text, 'abcdef', 'the content of the fork')
      ;(await fork.longPoll('-1')).expectStatus(200).expectBody('abcdef')
      const events = await fork.sse('-1')
      await events.untilUpToDate()
      equal(events.text, 'abcdef', 'the fork over SSE')
    },
  },
  {
    id: '4.2/soft-deleted-source-answers-410',
    level: 'MUST',
    title: 'a deleted source with forks answers 410 to HEAD, GET, POST and DELETE',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      await source.fork()
      ;(await source.delete()).expectStatus(204)
      const answers = [
        await source.head(),
        await source.get(),
        await source.get({ offset: 'now' }),
        await source.longPoll('-1'),
        await source.get({ offset: '-1', live: 'sse' }),
        await source.post('x'),
        await source.postBare({ headers: { [H.closed]: 'true' } }),
        await source.produce({ id: 'p', epoch: 0, seq: 0 }, 'x'),
        await source.delete(),
        await source.head(),
      ]
      for (const answer of answers) answer.expectStatus(410)
    },
  },
  {
    id: '4.2/soft-deleted-path-is-blocked',
    level: 'MUST',
    title: 'the path of a soft-deleted source answers 409 to PUT and cannot be forked',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      ;(await source.delete()).expectStatus(204)
      ;(await source.put()).expectStatus(409)
      ;(await source.put({ headers: { [H.contentType]: JSON_TYPE } })).expectStatus(409)
      ;(await fork.forkInto(source)).expectStatus(409)
      const late = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(late)).expectStatus(409)
      ;(await late.head()).expectStatus(404)
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
    },
  },
  {
    id: '4.2/last-fork-deleted-collects-the-source',
    level: 'MUST',
    title: 'a soft-deleted source is gone within five seconds after its last fork, and its path is free',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const [first, second] = [await source.fork(), await source.fork()]
      ;(await source.delete()).expectStatus(204)
      ;(await first.delete()).expectStatus(204)
      ;(await source.head()).expectStatus(410)
      equal((await second.readAll()).text, 'abc', 'the content of the remaining fork')
      ;(await second.delete()).expectStatus(204)
      await ctx.eventually(async () => (await source.head()).expectStatus(404), COLLECTED_WITHIN_MS)
      ;(await source.put()).expectStatus(201)
      ;(await source.get()).expectBody('')
    },
  },
  {
    id: '4.2/collection-cascades-up-the-chain',
    level: 'MUST',
    title: 'deleting the last fork collects a whole chain of soft-deleted sources',
    async run(ctx) {
      const chain = [await ctx.create(TEXT, { body: 'a' })]
      for (const letter of ['b', 'c', 'd']) {
        const fork = await chain.at(-1)!.fork()
        await fork.append(letter)
        chain.push(fork)
      }
      const leaf = chain.pop()!
      for (const ancestor of chain) (await ancestor.delete()).expectStatus(204)
      for (const ancestor of chain) (await ancestor.head()).expectStatus(410)
      equal((await leaf.readAll()).text, 'abcd', 'the content of the leaf')
      ;(await leaf.delete()).expectStatus(204)
      for (const ancestor of chain) {
        await ctx.eventually(async () => (await ancestor.head()).expectStatus(404), COLLECTED_WITHIN_MS)
      }
    },
  },
  {
    id: '4.2/collection-stops-at-a-living-stream',
    level: 'MUST',
    title: 'a cascade leaves streams that were not deleted alone',
    async run(ctx) {
      const root = await ctx.create(TEXT, { body: 'a' })
      const middle = await root.fork()
      const leaf = await middle.fork()
      ;(await middle.delete()).expectStatus(204)
      ;(await leaf.delete()).expectStatus(204)
      await ctx.eventually(async () => (await middle.head()).expectStatus(404), COLLECTED_WITHIN_MS)
      equal((await root.readAll()).text, 'a', 'the content of the root')
      ;(await root.delete()).expectStatus(204)
      await ctx.eventually(async () => (await root.head()).expectStatus(404), COLLECTED_WITHIN_MS)
    },
  },
  {
    id: '4.2/source-without-forks-is-deleted-at-once',
    level: 'MUST',
    title: 'once its forks are gone, deleting a source removes it like any stream',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork()
      ;(await fork.delete()).expectStatus(204)
      equal((await source.readAll()).text, 'abc', 'the content of the source')
      ;(await source.delete()).expectStatus(204)
      await ctx.eventually(async () => (await source.head()).expectStatus(404), COLLECTED_WITHIN_MS)
    },
  },
  {
    id: '4.2/refused-fork-leaves-no-reference',
    level: 'MUST',
    title: 'after refused forks a source can be deleted like one that was never forked',
    async run(ctx) {
      const source = ctx.stream()
      const start = (await source.put()).expectStatus(201).nextOffset
      await source.append('abc')
      const taken = await ctx.create(TEXT, { body: 'mine' })
      const target = (): ReturnType<typeof ctx.stream> => ctx.stream(TEXT, 'fork')
      const refused = [
        await source.forkInto(target(), { offset: 'not-an-offset' }),
        await source.forkInto(target(), { subOffset: 1 }),
        await source.forkInto(target(), { offset: start, subOffset: 99 }),
        await source.forkInto(target(), { headers: { [H.contentType]: JSON_TYPE } }),
        await source.forkInto(target(), { headers: { [H.ttl]: '1e3' } }),
        await source.forkInto(taken),
      ]
      for (const answer of refused) answer.expectStatus(400, 409)
      ;(await source.delete()).expectStatus(204)
      ;(await source.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/refused-body-leaves-no-reference',
    level: 'MUST',
    title: 'a fork whose body is invalid JSON answers 400 and leaves neither a stream nor a reference',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE, { body: '[1]' })
      const fork = ctx.stream(JSON_TYPE, 'fork')
      const headers = { [H.contentType]: JSON_TYPE }
      ;(await source.forkInto(fork, { headers, body: '{"cut":' })).expectStatus(400)
      ;(await fork.head()).expectStatus(404)
      ;(await source.delete()).expectStatus(204)
      ;(await source.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/repeated-fork-adds-no-reference',
    level: 'MUST',
    title: 'a fork that was confirmed several times is one reference',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const headers = { [H.contentType]: TEXT }
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { headers })).expectStatus(201)
      ;(await source.forkInto(fork, { headers })).expectStatus(200)
      ;(await source.forkInto(fork, { headers })).expectStatus(200)
      ;(await source.delete()).expectStatus(204)
      ;(await fork.delete()).expectStatus(204)
      await ctx.eventually(async () => (await source.head()).expectStatus(404), COLLECTED_WITHIN_MS)
    },
  },
  {
    id: '4.2/forks-racing-a-delete-are-whole-or-refused',
    level: 'MUST',
    title: 'a fork that races the deletion of its source either has all inherited data or does not exist',
    async run(ctx) {
      for (let round = 0; round < 5; round += 1) {
        const source = await ctx.create(TEXT, { body: 'abc' })
        const targets = Array.from({ length: 6 }, () => ctx.stream(TEXT, 'fork'))
        const answers = targets.map(async (target, index) => {
          if (index === 3) (await source.delete()).expectStatus(204)
          return { target, answer: await source.forkInto(target) }
        })
        for (const { target, answer } of await Promise.all(answers)) {
          answer.expectStatus(201, 404, 409)
          if (answer.status === 201) equal((await target.readAll()).text, 'abc', 'the content of the fork')
          else (await target.head()).expectStatus(404)
        }
      }
    },
  },
])
