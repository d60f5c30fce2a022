import { createDurableStreamsServer } from '@ds/server'
import { FileStore } from '@ds/store-file'
import { MemoryStore } from '@ds/store-memory'
import { makeScratchDirectory } from './scratch-directory.mjs'
import { readSettings, serveSubject } from './serve-subject.mjs'

const openStore = {
  memory: () => new MemoryStore(),
  file: () => FileStore.open(makeScratchDirectory(readSettings().directory)),
  redis: async () => {
    // Only where it is wanted: nobody who stores elsewhere has it in his process.
    const { RedisServer } = await import('../../../../packages/store-redis/test-kit/redis-server.mjs')
    const { RedisStore } = await import('@ds/store-redis')
    // Where this process is killed, the parent removes what is left.
    process.env.TMPDIR = process.env.DS_BENCH_SCRATCH
    const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'everysec')
    process.once('exit', () => redis.stop())
    return RedisStore.open({ url: redis.url })
  },
}

/** Starts our server in the given binding, over the store that the settings name. */
export async function startOurs(binding) {
  const store = await openStore[readSettings().store]()
  const server = createDurableStreamsServer({
    host: '127.0.0.1',
    port: 0,
    binding,
    store,
    longPollTimeoutMs: 20_000,
    subscriptions: { webhooks: { development: true } },
  })
  await server.start()
  serveSubject(Number(new URL(server.url).port), async () => {
    await server.stop()
    await store.close()
  })
}
