import { equal } from '../assertions.js'
import type { CaseContext } from '../case-context.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { BINARY, H, JSON_TYPE, TEXT } from '../wire-names.js'

/** A source that holds one append, with the offset before it. */
async function sourceOf(
  ctx: CaseContext,
  type: string,
  body: string | Uint8Array,
): Promise<{ readonly source: TestStream; readonly start: string; readonly tail: string }> {
  const source = ctx.stream(type)
  const start = (await source.put()).expectStatus(201).nextOffset
  return { source, start, tail: await source.append(body) }
}

export const forkSubOffsetCases: readonly ServerCase[] = defineCases('4.2', [
  {
    id: '4.2/sub-offset-counts-messages',
    level: 'MUST',
    title: 'on a JSON stream the sub-offset counts flattened messages',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, JSON_TYPE, '[{"a":1},[2,3],"four"]')
      const wanted = [[], [{ a: 1 }], [{ a: 1 }, [2, 3]], [{ a: 1 }, [2, 3], 'four']]
      for (const [subOffset, messages] of wanted.entries()) {
        const fork = await source.fork({ offset: start, subOffset })
        equal((await fork.readAll()).messages, messages, `the fork at sub-offset ${subOffset}`)
      }
    },
  },
  {
    id: '4.2/sub-offset-counts-bytes',
    level: 'MUST',
    title: 'on any other stream the sub-offset counts bytes, whatever characters they belong to',
    async run(ctx) {
      const body = Buffer.from('aé€', 'utf8')
      for (const type of [TEXT, BINARY]) {
        const { source, start } = await sourceOf(ctx, type, body)
        for (let subOffset = 0; subOffset <= body.length; subOffset += 1) {
          const fork = await source.fork({ offset: start, subOffset })
          equal(
            (await fork.readAll()).bytes,
            body.subarray(0, subOffset),
            `the fork at sub-offset ${subOffset}`,
          )
        }
      }
    },
  },
  {
    id: '4.2/sub-offset-counts-from-the-fork-offset',
    level: 'MUST',
    title: 'the sub-offset counts from the fork offset, not from the start of the stream',
    async run(ctx) {
      const { source, tail } = await sourceOf(ctx, JSON_TYPE, '[1,2]')
      await source.append('[3,4,5]')
      const fork = await source.fork({ offset: tail, subOffset: 2 })
      equal((await fork.readAll()).messages, [1, 2, 3, 4], 'the messages of the fork')
    },
  },
  {
    id: '4.2/sub-offset-zero-is-no-sub-offset',
    level: 'MUST',
    title: 'sub-offset 0 means the same as none, also when the request is repeated',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, TEXT, 'abc')
      const headers = { [H.contentType]: TEXT }
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { offset: start, subOffset: 0, headers }))
        .expectStatus(201)
        .expectHeader(H.nextOffset, start)
      ;(await source.forkInto(fork, { offset: start, headers })).expectStatus(200)
      const atTail = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(atTail, { subOffset: 0 })).expectStatus(201)
      equal((await atTail.readAll()).text, 'abc', 'the fork at the tail')
    },
  },
  {
    id: '4.2/sub-offset-past-the-data-answers-400',
    level: 'MUST',
    title: 'a sub-offset past the data that follows answers 400 and creates nothing',
    async run(ctx) {
      const json = await sourceOf(ctx, JSON_TYPE, '[1,2]')
      const text = await sourceOf(ctx, TEXT, 'abc')
      const empty = ctx.stream()
      const emptyStart = (await empty.put()).nextOffset
      for (const [source, options] of [
        [json.source, { offset: json.start, subOffset: 3 }],
        [json.source, { offset: json.tail, subOffset: 1 }],
        [text.source, { offset: text.start, subOffset: 4 }],
        [text.source, { offset: text.tail, subOffset: 1 }],
        [text.source, { offset: text.start, subOffset: '9007199254740993' }],
        [text.source, { offset: text.start, subOffset: '99999999999999999999999' }],
        [empty, { offset: emptyStart, subOffset: 1 }],
      ] as const) {
        const fork = ctx.stream(source.type, 'fork')
        ;(await source.forkInto(fork, options)).expectStatus(400)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/sub-offset-at-the-default-offset-answers-400',
    level: 'MUST',
    title: 'a sub-offset above 0 without a fork offset lies past the tail and answers 400',
    async run(ctx) {
      const { source } = await sourceOf(ctx, TEXT, 'abc')
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { subOffset: 1 })).expectStatus(400)
      ;(await fork.head()).expectStatus(404)
    },
  },
  {
    id: '4.2/malformed-sub-offset-answers-400',
    level: 'MUST',
    title: 'a sub-offset that is no plain non-negative integer answers 400 and creates nothing',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, TEXT, 'abcdefghijklmnop')
      for (const subOffset of ['05', '+1', '1.5', '-1', 'abc', '1e0', '0x1', '1,2', '1 2']) {
        const fork = ctx.stream(TEXT, 'fork')
        ;(await source.forkInto(fork, { offset: start, subOffset })).expectStatus(400)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/sub-offset-without-a-source-answers-400',
    level: 'MUST',
    title: 'a sub-offset without Stream-Forked-From answers 400 and creates nothing',
    async run(ctx) {
      for (const subOffset of ['0', '1']) {
        const stream = ctx.stream()
        ;(await stream.put({ headers: { [H.forkSubOffset]: subOffset } })).expectStatus(400)
        ;(await stream.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/repeating-a-sub-offset-fork-compares-it',
    level: 'MUST',
    title: 'repeating a fork with the same sub-offset answers 200, with another one 409',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, TEXT, 'abc')
      const headers = { [H.contentType]: TEXT }
      const fork = ctx.stream(TEXT, 'fork')
      ;(await source.forkInto(fork, { offset: start, subOffset: 2, headers })).expectStatus(201)
      ;(await source.forkInto(fork, { offset: start, subOffset: 2, headers })).expectStatus(200)
      ;(await source.forkInto(fork, { offset: start, subOffset: 1, headers })).expectStatus(409)
      ;(await source.forkInto(fork, { offset: start, headers })).expectStatus(409)
    },
  },
  {
    id: '4.2/sub-offset-fork-continues-with-its-own-data',
    level: 'MUST',
    title: 'a fork inside an append continues with its PUT body and its own appends, at rising offsets',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, JSON_TYPE, '[1,2,3]')
      const fork = ctx.stream(JSON_TYPE, 'fork')
      const headers = { [H.contentType]: JSON_TYPE }
      const created = await source.forkInto(fork, { offset: start, subOffset: 2, headers, body: '["own"]' })
      const atCreation = created.expectStatus(201).nextOffset
      await fork.append('["more"]')
      equal((await fork.readAll()).messages, [1, 2, 'own', 'more'], 'the fork from the beginning')
      equal((await fork.readAll(start)).messages, [1, 2, 'own', 'more'], 'the fork from the fork offset')
      equal((await fork.readAll(atCreation)).messages, ['more'], 'the fork from its tail at creation')
      equal((await source.readAll()).messages, [1, 2, 3], 'the source')
    },
  },
  {
    id: '4.2/sub-offset-fork-can-be-forked',
    level: 'MUST',
    title: 'a fork of a sub-offset fork inherits exactly what that fork shows',
    async run(ctx) {
      const { source, start } = await sourceOf(ctx, TEXT, 'abcdef')
      const fork = await source.fork({ offset: start, subOffset: 4 })
      const forkStart = await fork.tail()
      await fork.append('wxyz')
      const atTail = await fork.fork()
      equal((await atTail.readAll()).text, 'abcdwxyz', 'the second fork at the tail')
      const inside = await fork.fork({ offset: forkStart, subOffset: 2 })
      equal((await inside.readAll()).text, 'abcdwx', 'the second fork inside an own append')
    },
  },
])
