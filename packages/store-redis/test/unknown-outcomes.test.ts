import { StoreError } from '@ds/core'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { TcpProxy } from './tcp-proxy.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeOf, pathOf, recordOf, write } from './changes.js'

const a = pathOf('a')

let redis: RedisServer
let proxy: TcpProxy
let store: RedisStore

beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())

beforeEach(async () => {
  await redis.ask('flushall')
  proxy = await TcpProxy.start(redis.port)
  store = await RedisStore.open({ url: proxy.url, quarantineMs: 10, commandTimeoutMs: 400 })
})
afterEach(async () => {
  await store.close()
  await proxy.stop()
})

/** Calls until the store has a connection again. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

describe('a commit', () => {
  test('whose answer is lost is unknown, has happened, and happens no second time', async () => {
    proxy.onReply = () => false
    const change = changeOf(recordOf({ tail: 3 }), 'abc')
    expect(await store.commit(a, null, change)).toMatchObject({ kind: 'unknown' })
    proxy.onReply = () => true
    const found = await eventually(() => store.load(a, []))
    expect(found).toMatchObject({ commitId: change.commitId, record: { tail: 3 } })
    expect(await store.commit(a, null, change)).toEqual({ kind: 'conflict' })
    expect((await store.load(a, []))?.record.tail).toBe(3)
  })

  test('that never arrives is unknown, has not happened, and can be made again', async () => {
    proxy.onRequest = () => false
    const change = changeOf(recordOf({ tail: 3 }), 'abc')
    expect(await store.commit(a, null, change)).toMatchObject({ kind: 'unknown' })
    proxy.onRequest = () => true
    expect(await eventually(() => store.load(a, []))).toBeNull()
    expect(await store.commit(a, null, change)).toMatchObject({ kind: 'committed' })
  })

  test('without a connection certainly has not happened', async () => {
    proxy.cut(true)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const committing = store.commit(a, null, changeOf(recordOf()))
    await expect(committing).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
  })

  test('that a silent server does not answer is unknown after the time that was set', async () => {
    redis.signal('SIGSTOP')
    const begun = performance.now()
    expect(await store.commit(a, null, changeOf(recordOf()))).toMatchObject({ kind: 'unknown' })
    expect(performance.now() - begun).toBeLessThan(4_500)
    redis.signal('SIGCONT')
    expect(await eventually(() => store.load(a, []))).toMatchObject({ record: { tail: 0 } })
  })

  test('that created a stream does not create it again after its removal, however late it comes again', async () => {
    const creation = changeOf(recordOf())
    await store.commit(a, null, creation)
    const { version } = (await store.load(a, []))!
    await store.commit(a, version, changeOf(null))
    expect(await store.commit(a, null, creation)).toEqual({ kind: 'conflict' })
    expect(await store.load(a, [])).toBeNull()
    expect(await store.commit(a, null, changeOf(recordOf()))).toMatchObject({ kind: 'committed' })
  })
})

describe('looking', () => {
  test('fails as unavailable when its answer is lost, and works again without a restart', async () => {
    await write(store, 'a', 'abc')
    proxy.onReply = () => false
    for (const look of [
      () => store.load(a, []),
      () => store.read(a, recordOf().streamId, 0, 10),
      () => store.list('', '', 10),
      () => store.due(0, 10),
      () => store.touch(a, recordOf().streamId, 5),
    ]) {
      await expect(look()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
    }
    proxy.onReply = () => true
    expect(await eventually(() => store.list('', '', 10))).toEqual(['a'])
  })
})

describe('a watch', () => {
  test('is woken when its connection is back, because something may have been missed', async () => {
    const other = await RedisStore.open({ url: redis.url, quarantineMs: 10 })
    let wakes = 0
    store.watch(a, () => wakes++)
    await expect.poll(() => wakes).toBe(1)
    proxy.cut(true)
    await write(other, 'a', 'x')
    expect(wakes).toBe(1)
    proxy.cut(false)
    await expect.poll(() => wakes, { timeout: 5_000 }).toBe(2)
    await write(other, 'a', 'y')
    await expect.poll(() => wakes).toBe(3)
    await other.close()
  })

  test('is woken once by a commit of its own node, and by those of others', async () => {
    const other = await RedisStore.open({ url: redis.url, quarantineMs: 10 })
    let wakes = 0
    let otherWakes = 0
    store.watch(a, () => wakes++)
    other.watch(a, () => otherWakes++)
    await expect.poll(() => wakes + otherWakes).toBe(2)
    await write(store, 'a', 'x')
    await expect.poll(() => otherWakes).toBe(2)
    expect(wakes).toBe(2)
    await other.close()
  })

  test('needs one connection per node, however many there are', async () => {
    for (let i = 0; i < 2_000; i++) store.watch(pathOf(`s${i}`), () => undefined)
    await expect.poll(async () => ((await redis.ask('pubsub', 'channels')) as string[]).length).toBe(2_000)
    const clients = (await redis.ask('client', 'list')) as string
    expect(clients.split('\n').filter((line) => / sub=[1-9]/.test(line))).toHaveLength(1)
  })
})
