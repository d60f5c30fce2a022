import { Redis } from 'ioredis'
import { RedisServer } from '../../../../packages/store-redis/test-kit/redis-server.mjs'

const MESSAGE = 'm'.repeat(100)

/** XADD by ioredis alone, in pipelines of `width` commands: what Redis and its client can do without a server. */
export async function measureXadd({ seconds, warmUpMs, width, streams }) {
  const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'everysec')
  const client = new Redis(redis.port, '127.0.0.1')
  let sent = 0
  const runFor = async (ms) => {
    const before = sent
    const begun = performance.now()
    while (performance.now() - begun < ms) {
      const pipeline = client.pipeline()
      for (let i = 0; i < width; i++) pipeline.xadd(`s${sent++ % streams}`, '*', 'd', MESSAGE)
      await pipeline.exec()
    }
    return ((sent - before) / (performance.now() - begun)) * 1000
  }
  try {
    await runFor(warmUpMs)
    return { value: await runFor(seconds * 1000), errors: 0 }
  } finally {
    client.disconnect()
    await redis.stop()
  }
}
