import type { StreamStore } from '@ds/core'
import type { Subject, SubjectLimits } from './subjects.js'
import { DurableStreamsServer } from '@ds/server'
import { RedisCluster } from '../../packages/store-redis/test-kit/redis-cluster.mjs'
import { RedisServer } from '../../packages/store-redis/test-kit/redis-server.mjs'
import { RedisStore } from '@ds/store-redis'

const NODES = 3
/** Nobody has seen anything of a server that has just been started for a test. */
const QUARANTINE_MS = 50

const networkFetch = globalThis.fetch

/** A store over a Redis of its own. */
export async function openRedisStore(): Promise<{
  store: StreamStore
  remove: () => void
  reopen: () => Promise<StreamStore>
}> {
  const redis = await RedisServer.start()
  const open = (): Promise<StreamStore> => RedisStore.open({ url: redis.url, quarantineMs: QUARANTINE_MS })
  return { store: await open(), remove: () => void redis.stop(), reopen: open }
}

/** A store over a Redis Cluster of its own. */
export async function openRedisClusterStore(): Promise<{ store: StreamStore; remove: () => void }> {
  const cluster = await RedisCluster.start(3)
  const store = await RedisStore.open({ cluster: cluster.addresses, quarantineMs: QUARANTINE_MS })
  return { store, remove: () => void cluster.stop() }
}

/** Three servers over one Redis; every request goes to a random one of them. */
export async function startRedisNodes(limits: SubjectLimits, longPollTimeoutMs: number): Promise<Subject> {
  const redis = await RedisServer.start()
  const stores: StreamStore[] = []
  const servers: DurableStreamsServer[] = []
  const urls: string[] = []
  for (let i = 0; i < NODES; i++) {
    const store = await RedisStore.open({ url: redis.url, quarantineMs: QUARANTINE_MS })
    const publicOrigin = urls[0]
    const server = new DurableStreamsServer({
      ...limits,
      ...(publicOrigin === undefined ? {} : { publicOrigin }),
      store,
      longPollTimeoutMs,
      port: 0,
      host: '127.0.0.1',
      stopTimeoutMs: 500,
    })
    stores.push(store)
    servers.push(server)
    urls.push(await server.start())
  }
  const baseUrl = urls[0]!
  return {
    baseUrl,
    fetch: (input, init) => {
      const request = new Request(input, init)
      const url = urls[Math.floor(Math.random() * NODES)]! + request.url.slice(baseUrl.length)
      return networkFetch(url === request.url ? request : new Request(url, request))
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()))
      await Promise.all(stores.map(async (store) => store.close()))
      await redis.stop()
    },
  }
}
