import type { StreamRecord } from '@ds/core'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeOf, pathOf, readAll, write } from './changes.js'

const a = pathOf('a')

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())

/** Appends on what the store recalls, as the engine does, until it succeeds; the number of attempts. */
async function append(store: RedisStore, text: string, thinkMs: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { record, version } = store.recall(a, []) ?? (await store.load(a, []))!
    if (thinkMs > 0) await new Promise((resolve) => setTimeout(resolve, thinkMs))
    const next: StreamRecord = { ...record, tail: record.tail + text.length }
    const result = await store.commit(a, version, changeOf(next, text))
    if (result.kind === 'committed') return attempt
    expect(result.kind).toBe('conflict')
  }
}

test('a slow node gets its turn beside fast ones, and every append is there once', async () => {
  const stores = await Promise.all([1, 2, 3].map(() => RedisStore.open({ url: redis.url, quarantineMs: 10 })))
  const [slow, ...fast] = stores as [RedisStore, ...RedisStore[]]
  await write(slow, 'a', '')
  let isOver = false
  let fastAppends = 0
  const racing = fast.map(async (store) => {
    while (!isOver) {
      await append(store, 'f', 0)
      fastAppends++
    }
  })
  let most = 0
  for (let i = 0; i < 20; i++) most = Math.max(most, await append(slow, 's', 8))
  isOver = true
  await Promise.all(racing)
  const { record } = (await slow.load(a, []))!
  const content = (await readAll(slow, 'a', record)).toString()
  expect(content.replaceAll('f', '')).toHaveLength(20)
  expect(content.replaceAll('s', '')).toHaveLength(fastAppends)
  expect(fastAppends).toBeGreaterThan(20)
  expect(most).toBeLessThan(12)
  await Promise.all(stores.map((store) => store.close()))
})
