import { DurableStreamsServer } from '@ds/server'
import { RedisStore } from '../src/redis-store.js'

/** A server node in a process of its own, to be paused and killed; it prints its URL. */
const [url, port] = process.argv.slice(2) as [string, string]
const store = await RedisStore.open({
  url,
  quarantineMs: 300,
  commandTimeoutMs: 1_000,
  openTimeoutMs: 20_000,
})
const server = new DurableStreamsServer({ store, port: Number(port), onFault: () => undefined })
process.on('disconnect', () => process.exit(0))
process.send!({ url: await server.start() })
