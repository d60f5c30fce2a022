import { RedisServer } from '../../../packages/store-redis/test-kit/redis-server.mjs'
import { RedisStore } from '@ds/store-redis'
import { runStoreCases } from '@ds/conformance'
import { afterAll, beforeAll, test } from 'vitest'

let redis: RedisServer
let stores = 0

beforeAll(async () => {
  redis = await RedisServer.start('--appendonly', 'yes')
})
afterAll(() => redis.stop())

runStoreCases({
  test,
  setup: async () => {
    const options = { url: redis.url, keyPrefix: `case-${++stores}:`, quarantineMs: 50 }
    const open = () => RedisStore.open(options)
    return { store: await open(), reopen: open, secondNode: open }
  },
})
