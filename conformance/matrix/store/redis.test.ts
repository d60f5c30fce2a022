import { RedisCluster } from '../../../packages/store-redis/test-kit/redis-cluster.mjs'
import { RedisServer } from '../../../packages/store-redis/test-kit/redis-server.mjs'
import { RedisStore } from '@ds/store-redis'
import { TcpProxy } from '../../../packages/store-redis/test/tcp-proxy.js'
import { runStoreCases } from '@ds/conformance'
import { afterAll, beforeAll, describe, test } from 'vitest'

const QUARANTINE_MS = 50
let stores = 0

/** Every case has a prefix of its own in the same Redis. */
const nextPrefix = (): string => `case-${++stores}:`

describe('one Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start('--appendonly', 'yes')
  })
  afterAll(() => redis.stop())

  runStoreCases({
    test,
    setup: async () => {
      const proxy = await TcpProxy.start(redis.port)
      const options = { keyPrefix: nextPrefix(), quarantineMs: QUARANTINE_MS }
      const open = () => RedisStore.open({ ...options, url: redis.url })
      const small: RedisServer[] = []
      return {
        store: await RedisStore.open({ ...options, url: proxy.url }),
        reopen: open,
        secondNode: open,
        loseNextAnswer: () => {
          proxy.onReply = () => {
            proxy.onReply = () => true
            return false
          }
        },
        openSmall: async (bytes: number) => {
          const server = await RedisServer.start()
          small.push(server)
          const store = await RedisStore.open({ url: server.url, quarantineMs: QUARANTINE_MS })
          const info = (await server.ask('info', 'memory')) as string
          const used = Number(/used_memory:(\d+)/.exec(info)![1])
          await server.ask('config', 'set', 'maxmemory', String(used + bytes))
          return store
        },
        teardown: async () => {
          await proxy.stop()
          await Promise.all(small.map((server) => server.stop()))
        },
      }
    },
  })
})

describe('a Redis Cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await RedisCluster.start(3, false, '--appendonly', 'yes')
  }, 60_000)
  afterAll(() => cluster.stop())

  runStoreCases({
    test,
    sizes: { messages: 20_000, sequences: 5, histories: 5 },
    setup: async () => {
      const options = { cluster: cluster.addresses, keyPrefix: nextPrefix(), quarantineMs: QUARANTINE_MS }
      const open = () => RedisStore.open(options)
      return { store: await open(), reopen: open, secondNode: open }
    },
  })
})
