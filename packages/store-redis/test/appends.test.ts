import type { CommitResult, LoadedStream, StreamChange, Version } from '@ds/core'
import { CommitCalls } from './commit-calls.js'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyNames } from '../src/keys.js'
import { changeOf, idOf, pathOf, readAll, recordOf, write } from './changes.js'

const path = pathOf('a')
const names = new KeyNames('ds:')

let redis: RedisServer
let one: RedisStore
let two: RedisStore

const calls = new CommitCalls()
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  await redis.ask('flushall')
  one = await RedisStore.open({ url: redis.url, quarantineMs: 0, connect: calls.connect })
  two = await RedisStore.open({ url: redis.url, quarantineMs: 0, connect: calls.connect })
  await write(one, path, '0123')
})
afterEach(() => Promise.all([one.close(), two.close()]))

async function loaded(store: RedisStore, keys: readonly string[] = []): Promise<LoadedStream> {
  return (await store.load(path, keys))!
}

/** An append that commutes, decided on what was found. */
function appendOn({ record }: LoadedStream, text: string, over: Partial<StreamChange> = {}): StreamChange {
  return changeOf({ ...record, tail: record.tail + text.length }, text, { commutes: true, ...over })
}

const otherCommits = (work: () => Promise<unknown>): Promise<number> => calls.during(work)

async function content(): Promise<string> {
  return String(await readAll(one, path, (await loaded(one)).record))
}

function tailOf(result: CommitResult): unknown {
  return result.kind === 'committed' ? (result.tail ?? 'as decided') : result.kind
}

describe('an append', () => {
  it('is committed where it was decided to be', async () => {
    const found = await loaded(one)
    let result: CommitResult | undefined
    const others = await otherCommits(async () => {
      result = await one.commit(
        path,
        found.version,
        appendOn(found, '45', { commitId: 'mine', touchedAt: 9 }),
      )
    })
    expect(others).toBe(0)
    expect(result).toEqual({ kind: 'committed', version: (await loaded(two)).version })
    expect(await loaded(two)).toMatchObject({ record: { tail: 6 }, commitId: 'mine', touchedAt: 9 })
    expect(await content()).toBe('012345')
  })

  it('goes behind those of other nodes, and is told where it is', async () => {
    const found = await loaded(one)
    await two.commit(path, found.version, appendOn(found, 'two'))
    const others = await otherCommits(async () => {
      const result = await one.commit(path, found.version, appendOn(found, 'one'))
      expect(tailOf(result)).toBe(10)
    })
    expect(others).toBe(0)
    expect(one.recall(path, [])?.record.tail).toBe(10)
    expect(one.recall(path, [])).toEqual(await loaded(two))
    expect(await content()).toBe('0123twoone')
  })

  it('takes several of one turn of the event loop in one call', async () => {
    const found = await loaded(one)
    const changes = Array.from({ length: 40 }, (_, i) => appendOn(found, `${i};`))
    const results = await Promise.all(changes.map((change) => one.commit(path, found.version, change)))
    expect(results.every(({ kind }) => kind === 'committed')).toBe(true)
    expect(await content()).toBe(`0123${changes.map((_, i) => `${i};`).join('')}`)
  })

  it('carries bytes that are no text beside text', async () => {
    const found = await loaded(one)
    const bytes = Buffer.from([0, 13, 10, 255, 36])
    const binary = { ...appendOn(found, '.....'), bytes: [bytes.subarray(0, 2), bytes.subarray(2)] }
    const text = appendOn(found, 'text')
    await Promise.all([binary, text].map((change) => one.commit(path, found.version, change)))
    expect(await readAll(one, path, (await loaded(one)).record)).toEqual(
      Buffer.concat([Buffer.from('0123'), bytes, Buffer.from('text')]),
    )
  })

  it('follows others to a chunk that they have begun', async () => {
    const found = await loaded(one)
    const text = 'x'.repeat(5_000)
    const others = await otherCommits(async () => {
      await two.commit(path, found.version, appendOn(found, text))
      expect(tailOf(await one.commit(path, found.version, appendOn(found, 'one')))).toBe(5_007)
      const next = one.recall(path, [])!
      expect(tailOf(await one.commit(path, next.version, appendOn(next, 'two')))).toBe('as decided')
    })
    expect(others).toBe(0)
    expect(await content()).toBe(`0123${text}onetwo`)
  })

  it('begins the first chunk', async () => {
    await write(one, 'empty', '')
    const found = (await one.load(pathOf('empty'), []))!
    const others = await otherCommits(() => one.commit(pathOf('empty'), found.version, appendOn(found, 'ab')))
    expect(others).toBe(0)
    const { record } = (await two.load(pathOf('empty'), []))!
    expect(String(await readAll(two, 'empty', record))).toBe('ab')
  })

  it('begins and fills chunks, from whatever position it was thought to have, as commits do', async () => {
    const sizes = [
      3_000,
      1_028,
      4_032,
      1,
      4_031,
      30_000,
      700,
      100_000,
      8_128,
      250_000,
      524_224,
      600_000,
      1 << 20,
      5,
      524_223,
      2,
    ]
    let expected = '0123'
    const behind = await loaded(two)
    for (const [i, size] of sizes.entries()) {
      const store = i % 3 === 1 ? two : one
      const found = i % 3 === 2 ? behind : await loaded(store)
      const text = String.fromCharCode(97 + i).repeat(size)
      const others = await otherCommits(async () => {
        const result = await store.commit(path, found.version, appendOn(found, text))
        expect(result.kind).toBe('committed')
      })
      expect(others).toBe(0)
      expected += text
    }
    expect((await content()) === expected).toBe(true)
    await write(one, 'same', '0123')
    for (const [i, size] of sizes.entries())
      await write(one, 'same', String.fromCharCode(97 + i).repeat(size))
    expect(await shapeOf(path)).toEqual(await shapeOf('same'))
  })

  it('leaves the time that Redis removes a stream at to the chunks that it begins', async () => {
    const expiry = { kind: 'at', atMs: Date.now() + 60_000 } as const
    await write(one, 'ends', 'x', { expiry })
    const found = (await one.load(pathOf('ends'), []))!
    const appending = (): Promise<unknown> =>
      one.commit(pathOf('ends'), found.version, appendOn(found, 'y'.repeat(9_000)))
    expect(await otherCommits(appending)).toBe(0)
    const chunks = (await redis.ask('keys', '*b:*ends*')) as string[]
    expect(chunks).toHaveLength(3)
    const ends = await Promise.all(chunks.map((chunk) => redis.ask('pexpiretime', chunk)))
    expect(new Set(ends).size).toBe(1)
    expect(Number(ends[0])).toBeGreaterThan(Date.now())
  })
})

/** The lengths of a stream's chunks in order, what they take of memory, and how many there are said to be. */
async function shapeOf(stream: string): Promise<unknown> {
  const chunks: unknown[] = []
  const { bucket } = names.ofStream(stream)
  for (let i = 0; ; i++) {
    const chunk = `${names.chunkPrefix(bucket, idOf(`${stream}1`))}${i}`
    const length = await redis.ask('strlen', chunk)
    if (Number(length) === 0) break
    // Without the name, which is part of it.
    chunks.push([length, Number(await redis.ask('memory', 'usage', chunk)) - chunk.length])
  }
  return [chunks, await redis.ask('hget', names.ofStream(stream).head, 'c')]
}

describe('an append conflicts', () => {
  async function conflicts(version: Version, change: StreamChange): Promise<void> {
    const before = await content()
    expect(await one.commit(path, version, change)).toEqual({ kind: 'conflict' })
    expect(await content()).toBe(before)
  }

  it('when more than the length has changed, however long ago', async () => {
    const found = await loaded(one)
    const closed = changeOf({ ...found.record, lastStreamSeq: '7' })
    await two.commit(path, found.version, closed)
    const after = await loaded(two)
    await two.commit(path, after.version, appendOn(after, 'two'))
    await conflicts(found.version, appendOn(found, 'one'))
  })

  it('when a commit that makes no difference was made on purpose', async () => {
    const found = await loaded(one)
    const change = appendOn(found, 'x')
    expect((await one.commit(path, found.version, { ...change, commutes: false })).kind).toBe('committed')
    await conflicts(found.version, change)
  })

  it('when an entry that it sets is not what it was', async () => {
    const known = new Map([['p:w', '0:0']])
    const before = await loaded(one)
    await one.commit(path, before.version, changeOf(before.record, '', { entries: known }))
    const found = one.recall(path, ['p:w'])!
    const theirs = await loaded(two, ['p:w'])
    expect(found).toEqual(theirs)
    const entries = new Map([['p:w', '0:1']])
    await two.commit(path, theirs.version, appendOn(theirs, 'x', { entries }))
    await conflicts(found.version, appendOn(found, 'x', { entries }))
    expect(one.recall(path, ['p:w'])?.entries.get('p:w')).toBe('0:1')
  })

  it('when the stream is gone, or another one', async () => {
    const found = await loaded(one)
    await two.commit(path, found.version, changeOf(null))
    expect(await one.commit(path, found.version, appendOn(found, 'x'))).toEqual({ kind: 'conflict' })
    expect(await redis.ask('keys', '*b:*')).toEqual([])
    await write(two, path, 'other', recordOf())
    await conflicts(found.version, appendOn(found, 'x'))
  })
})

describe('an entry that is set', () => {
  it('is compared and set in the call for appends, if it is known', async () => {
    const before = await loaded(one)
    const entries = new Map([['p:w', '0:0']])
    await one.commit(path, before.version, changeOf(before.record, '', { entries }))
    const found = one.recall(path, ['p:w'])!
    const next = appendOn(found, 'x', { entries: new Map([['p:w', '0:1']]) })
    expect(await otherCommits(() => one.commit(path, found.version, next))).toBe(0)
    expect((await loaded(two, ['p:w'])).entries.get('p:w')).toBe('0:1')
    expect(one.recall(path, ['p:w'])?.entries.get('p:w')).toBe('0:1')
  })
})

describe('what a chunk has lost', () => {
  it.each([
    ['all of it', async (chunk: string) => redis.ask('del', chunk), 0],
    ['some of it', async (chunk: string) => redis.ask('set', chunk, '01'), 1],
  ])('is not appended to: %s', async (_, damage, left) => {
    const found = await loaded(one)
    const [chunk] = (await redis.ask('keys', '*b:*')) as string[]
    await damage(chunk!)
    const appending = one.commit(path, found.version, appendOn(found, 'x'))
    await expect(appending).rejects.toMatchObject({ code: 'corrupt' })
    expect(await redis.ask('keys', '*b:*')).toHaveLength(left)
    if (left > 0) expect(await redis.ask('get', chunk!)).toBe('01')
    expect((await loaded(two)).record.tail).toBe(4)
  })
})
