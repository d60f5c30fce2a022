import { DurableStreamsServer } from '@ds/server'
import { RedisStore } from '@ds/store-redis'

/** One server node: everything that it keeps is in Redis, so it can be killed and replaced at any time. */
const [redisUrl, port] = process.argv.slice(2)
const store = await RedisStore.open({ url: redisUrl })
const server = new DurableStreamsServer({ store, port: Number(port), stopTimeoutMs: 2_000 })

async function stop() {
  await server.stop()
  await store.close()
  process.exit(0)
}

process.on('SIGTERM', stop)
process.on('disconnect', stop)
process.send({ url: await server.start() })
