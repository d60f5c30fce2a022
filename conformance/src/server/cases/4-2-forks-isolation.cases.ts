import { check, equal, isBefore } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

export const forkIsolationCases: readonly ServerCase[] = defineCases('4.2', [
  {
    id: '4.2/source-and-fork-diverge',
    level: 'MUST',
    title: 'appends to a source never show in its fork, nor the other way round',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'base,' })
      const fork = await source.fork()
      await source.append('source,')
      await fork.append('fork,')
      await source.append('source')
      await fork.append('fork')
      equal((await source.readAll()).text, 'base,source,source', 'the content of the source')
      equal((await fork.readAll()).text, 'base,fork,fork', 'the content of the fork')
    },
  },
  {
    id: '4.2/siblings-diverge',
    level: 'MUST',
    title: 'forks of one source at several offsets do not show in each other',
    async run(ctx) {
      const source = await ctx.create(JSON_TYPE)
      const afterOne = await source.append('1')
      await source.append('2')
      const [short, long] = [await source.fork({ offset: afterOne }), await source.fork()]
      await Promise.all([short.append('["s"]'), long.append('["l"]'), source.append('3')])
      equal((await short.readAll()).messages, [1, 's'], 'the fork at the first offset')
      equal((await long.readAll()).messages, [1, 2, 'l'], 'the fork at the tail')
      equal((await source.readAll()).messages, [1, 2, 3], 'the source')
    },
  },
  {
    id: '4.2/closing-one-leaves-the-other-open',
    level: 'MUST',
    title: 'closing a source leaves its fork open, and closing a fork leaves its source open',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'a' })
      const [closedFork, openFork] = [await source.fork(), await source.fork()]
      await closedFork.close()
      ;(await source.head()).expectNoHeader(H.closed)
      await source.append('b')
      await source.close()
      ;(await openFork.head()).expectNoHeader(H.closed)
      await openFork.append('c')
      equal((await openFork.readAll()).text, 'ac', 'the content of the open fork')
    },
  },
  {
    id: '4.2/deleting-a-fork-leaves-the-source',
    level: 'MUST',
    title: 'deleting a fork leaves its source and its siblings as they were',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const [gone, kept] = [await source.fork(), await source.fork()]
      ;(await gone.delete()).expectStatus(204)
      ;(await gone.head()).expectStatus(404)
      equal((await source.readAll()).text, 'abc', 'the content of the source')
      equal((await kept.readAll()).text, 'abc', 'the content of the sibling')
      ;(await source.head()).expectStatus(200)
    },
  },
  {
    id: '4.2/forks-of-forks-read-through',
    level: 'MUST',
    title: 'a chain of forks reads through every level, from any inherited offset',
    async run(ctx) {
      const levels = [await ctx.create(TEXT)]
      const offsets: string[] = []
      for (const letter of ['a', 'b', 'c', 'd', 'e']) {
        const current = levels.at(-1)!
        offsets.push(await current.append(letter))
        levels.push(await current.fork())
        await current.append('after the fork')
      }
      const leaf = levels.at(-1)!
      equal((await leaf.readAll()).text, 'abcde', 'the leaf from the beginning')
      for (const [index, offset] of offsets.entries()) {
        equal((await leaf.readAll(offset)).text, 'abcde'.slice(index + 1), `the leaf from level ${index}`)
      }
    },
  },
  {
    id: '4.2/fork-of-a-fork-inside-the-inherited-part',
    level: 'MUST',
    title: 'a fork can be forked at an offset that it inherited',
    async run(ctx) {
      const root = await ctx.create(JSON_TYPE)
      const afterOne = await root.append('1')
      await root.append('2')
      const middle = await root.fork()
      await middle.append('3')
      const leaf = await middle.fork({ offset: afterOne })
      equal((await leaf.readAll()).messages, [1], 'the leaf')
      await leaf.append('9')
      ;(await middle.delete()).expectStatus(204)
      equal((await leaf.readAll()).messages, [1, 9], 'the leaf after its source was deleted')
      equal((await root.readAll()).messages, [1, 2], 'the root')
    },
  },
  {
    id: '4.2/producer-state-is-not-inherited',
    level: 'MUST',
    title: 'a producer of the source is unknown on the fork',
    async run(ctx) {
      const source = await ctx.create()
      ;(await source.produce({ id: 'p', epoch: 5, seq: 0 }, 'a')).expectStatus(200)
      ;(await source.produce({ id: 'p', epoch: 5, seq: 1 }, 'b')).expectStatus(200)
      const fork = await source.fork()
      const continued = await fork.produce({ id: 'p', epoch: 5, seq: 2 }, 'x')
      continued
        .expectStatus(409)
        .expectHeader(H.producerExpectedSeq, '0')
        .expectHeader(H.producerReceivedSeq, '2')
      ;(await fork.produce({ id: 'p', epoch: 0, seq: 0 }, 'c'))
        .expectStatus(200)
        .expectHeader(H.producerEpoch, '0')
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
      ;(await source.produce({ id: 'p', epoch: 5, seq: 2 }, 'd')).expectStatus(200)
    },
  },
  {
    id: '4.2/retries-do-not-reach-inherited-data',
    level: 'MUST',
    title: 'a retry sent to a fork is new there, also where the fork ends inside the producer batch',
    async run(ctx) {
      const source = ctx.stream(JSON_TYPE)
      const start = (await source.put()).nextOffset
      ;(await source.produce({ id: 'p', epoch: 0, seq: 0 }, '[1,2,3]')).expectStatus(200)
      const fork = await source.fork({ offset: start, subOffset: 2 })
      ;(await fork.produce({ id: 'p', epoch: 0, seq: 0 }, '[1,2,3]')).expectStatus(200)
      equal((await fork.readAll()).messages, [1, 2, 1, 2, 3], 'the messages of the fork')
      ;(await source.produce({ id: 'p', epoch: 0, seq: 0 }, '[1,2,3]')).expectStatus(204)
    },
  },
  {
    id: '4.2/stream-seq-is-not-inherited',
    level: 'MUST',
    title: 'a lower Stream-Seq than the last one of the source is accepted on the fork',
    async run(ctx) {
      const source = await ctx.create()
      await source.append('a', { [H.seq]: 'm' })
      const fork = await source.fork()
      await fork.append('b', { [H.seq]: 'c' })
      ;(await fork.post('x', { headers: { [H.seq]: 'c' } })).expectStatus(409)
      ;(await source.post('x', { headers: { [H.seq]: 'c' } })).expectStatus(409)
    },
  },
  {
    id: '4.2/offsets-continue-from-the-source',
    level: 'MUST',
    title: 'a fork keeps the offsets of its source up to the fork point and continues above them',
    async run(ctx) {
      const source = await ctx.create()
      const offsets = [await source.append('a'), await source.append('b')]
      const fork = await source.fork()
      offsets.push(await fork.append('c'), await fork.append('d'))
      for (const [index, offset] of offsets.entries()) {
        equal((await fork.readAll(offset)).text, 'abcd'.slice(index + 1), `the fork from ${offset}`)
        const previous = offsets[index - 1]
        check(
          previous === undefined || isBefore(previous, offset),
          `${String(previous)} sorts before ${offset}`,
        )
      }
      equal((await fork.get({ offset: offsets[1]! })).text.startsWith('c'), true, 'the first own byte')
    },
  },
  {
    id: '4.2/fork-racing-appends-is-a-prefix',
    level: 'MUST',
    title: 'a fork that races appends inherits a prefix of the source and stays that way',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: '.' })
      const writes = Array.from({ length: 20 }, (_, index) => source.append(`${index};`))
      const forks = await Promise.all(Array.from({ length: 5 }, () => source.fork()))
      const atOnce = await Promise.all(forks.map(async (fork) => (await fork.readAll()).text))
      await Promise.all(writes)
      const whole = (await source.readAll()).text
      for (const [index, fork] of forks.entries()) {
        check(whole.startsWith(atOnce[index]!), `the fork is a prefix of ${whole}: ${String(atOnce[index])}`)
        equal((await fork.readAll()).text, atOnce[index], 'the content of the fork later on')
      }
    },
  },
])
