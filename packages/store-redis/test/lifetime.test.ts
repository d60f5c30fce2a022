import type { StreamRecord } from '@ds/core'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { formatVersion, parseVersion } from '../src/stream-version.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeOf, idOf, pathOf, put, readAll, recordOf, write } from './changes.js'

const a = pathOf('a')
const MARGIN_MS = 300

let redis: RedisServer
let store: RedisStore

beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())

beforeEach(async () => {
  await redis.ask('flushall')
  store = await RedisStore.open({
    url: redis.url,
    quarantineMs: 10,
    expiryMarginMs: MARGIN_MS,
    rememberMs: 100,
  })
})
afterEach(() => store.close())

/** The keys that are there, apart from those of the buckets themselves. */
async function keysOfStreams(): Promise<string[]> {
  return ((await redis.ask('keys', '*')) as string[]).filter((key) => !key.endsWith('}meta')).sort()
}

/** How long Redis keeps each of the keys of streams, in milliseconds; -1 for ever. */
async function keptForMs(): Promise<number[]> {
  const keys = (await keysOfStreams()).filter((key) => !/\}(due|paths)$/.test(key))
  return Promise.all(keys.map(async (key) => (await redis.ask('pttl', key)) as number))
}

const soon = (): Partial<StreamRecord> => ({ expiry: { kind: 'at', atMs: Date.now() + 50 } })
const pages = 'x'.repeat(30_000)

describe('no key is left', () => {
  test('of a stream that was removed, with its entries and many chunks, after a while', async () => {
    await write(store, 'a', pages)
    await put(
      store,
      'a',
      changeOf({ ...(await store.load(a, []))!.record }, '', { entries: new Map([['p:x', '1']]) }),
    )
    await put(store, 'a', changeOf(null))
    expect((await keysOfStreams()).filter((key) => !key.includes('}m:'))).toEqual([])
    await expect.poll(keysOfStreams).toEqual([])
  })

  test('of an incarnation that was replaced', async () => {
    await write(store, 'a', pages)
    await put(store, 'a', changeOf(recordOf({ streamId: idOf('new'), tail: 1 }), 'y'))
    const keys = await keysOfStreams()
    expect(keys.filter((key) => key.includes('}b:'))).toHaveLength(1)
    expect(keys).toHaveLength(3)
  })

  test('in the indexes of a stream that Redis has removed, once somebody looks', async () => {
    await write(store, 'a', pages, soon())
    await write(store, 'b', 'x')
    expect(await store.list('', '', 10)).toEqual(['a', 'b'])
    await expect.poll(async () => store.load(a, []), { timeout: 3_000 }).toBeNull()
    expect(await store.due(Date.now(), 10)).toEqual([])
    expect(await store.list('', '', 10)).toEqual(['b'])
    await expect
      .poll(async () => (await keysOfStreams()).filter((key) => key.includes('a1:')), { timeout: 3_000 })
      .toEqual([])
  })
})

describe('Redis removes a stream by itself', () => {
  test('some time after it has expired, head before chunks, and never earlier', async () => {
    const record = await write(store, 'a', pages, soon())
    for (const ms of await keptForMs()) expect(ms).toBeGreaterThan(MARGIN_MS - 50)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await readAll(store, 'a', record)).toString()).toBe(pages)
    await expect.poll(keptForMs, { timeout: 3_000 }).toEqual([])
  })

  test('not while a sliding window is moved on, by touches or commits', async () => {
    const now = Date.now()
    const record = await write(store, 'a', pages, { expiry: { kind: 'ttl', seconds: 1 }, createdAt: now })
    for (let i = 1; i <= 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250))
      if (i % 2 === 0) await store.touch(a, record.streamId, Date.now())
      else {
        const { record: found } = (await store.load(a, []))!
        await put(store, 'a', changeOf({ ...found, tail: found.tail + 1 }, 'y', { touchedAt: Date.now() }))
      }
    }
    const { record: found } = (await store.load(a, []))!
    expect((await readAll(store, 'a', found)).toString()).toBe(`${pages}yyyy`)
    for (const ms of await keptForMs()) expect(ms).toBeGreaterThan(500)
  })

  test('not when a fork holds it, or when it holds a source, or does not expire any more', async () => {
    const holder = { streamId: idOf('f'), path: pathOf('f'), since: Date.now() }
    const origin = { path: pathOf('src'), streamId: idOf('src'), anchor: 0, subOffset: 0 }
    await write(store, 'fork', pages, { ...soon(), origin })
    for (const [path, over] of [
      ['pending', { pendingForks: [holder] }],
      ['held', { forkCount: 1 }],
      ['kept', { expiry: { kind: 'never' } }],
    ] as const) {
      await write(store, path, pages, soon())
      const { record } = (await store.load(pathOf(path), []))!
      await put(store, path, changeOf({ ...record, ...over, tail: record.tail + 1 }, 'y'))
    }
    for (const ms of await keptForMs()) expect(ms).toBe(-1)
  })

  test('when the last fork has let go of it again', async () => {
    await write(store, 'a', pages, { ...soon(), forkCount: 1 })
    const { record } = (await store.load(a, []))!
    await put(store, 'a', changeOf({ ...record, forkCount: 0 }))
    const kept = await keptForMs()
    expect(kept.length).toBeGreaterThan(5)
    for (const ms of kept) expect(ms).toBeGreaterThan(0)
  })
})

describe('the memory that streams take', () => {
  test.each([
    [1024, 3_000, 1.3],
    [1024, 150, 1.3],
    [100, 30_000, 1.3],
  ])(
    'with commits of %d bytes, %d of them, is at most %f of the payload',
    async (size, commits, most) => {
      const text = 'x'.repeat(size)
      let record = await write(store, 'a', text)
      let before = await usedMemory()
      // What the stream takes as such, and the connections, are there already.
      before -= size
      for (let i = 1; i < commits; i += 50) {
        const writing: Promise<unknown>[] = []
        let { version } = (await store.load(a, []))!
        for (let n = 0; n < 50 && i + n < commits; n++) {
          record = { ...record, tail: record.tail + size }
          const change = changeOf(record, text)
          writing.push(store.commit(a, version, change))
          const { number } = parseVersion(String(version))
          version = formatVersion(change.commitId, number + 1, change.commitId)
        }
        const results = await Promise.all(writing)
        expect(results.every((result) => (result as { kind: string }).kind === 'committed')).toBe(true)
      }
      const ratio = ((await usedMemory()) - before) / (size * commits)
      console.log(`${commits} commits of ${size} bytes take ${ratio.toFixed(3)} of their payload`)
      expect(ratio).toBeLessThan(most)
    },
    30_000,
  )
})

/** What all keys of streams take together, as Redis itself reckons: allocations, not lengths. */
async function usedMemory(): Promise<number> {
  const sizes = await Promise.all((await keysOfStreams()).map((key) => redis.ask('memory', 'usage', key)))
  return sizes.reduce<number>((sum, size) => sum + (size as number), 0)
}
