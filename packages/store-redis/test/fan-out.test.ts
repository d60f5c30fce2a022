import { DurableStreamsServer } from '@ds/server'
import { Agent, request } from 'node:http'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { expect, test } from 'vitest'

const READERS = 1_000
const MESSAGES = 20
const text = { 'content-type': 'text/plain' }

/** What one reader has received; it counts messages instead of keeping them. */
interface Reader {
  seen: string
  close(): void
}

/** Follows a stream on one node, over a socket of its own. */
function follow(url: string, agent: Agent): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}?offset=-1&live=sse`, { agent }, (response) => {
      const reader: Reader = { seen: '', close: () => asking.destroy() }
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        for (const [message] of part.matchAll(/m\d+;/g)) reader.seen += message
      })
      response.once('data', () => resolve(reader))
      response.on('error', () => undefined)
    })
    asking.once('error', reject)
    asking.end()
  })
}

test(`what a writer appends on one node reaches ${READERS} readers on two others, once and in order`, async () => {
  const redis = await RedisServer.start()
  const stores: RedisStore[] = []
  const servers: DurableStreamsServer[] = []
  const urls: string[] = []
  for (let i = 0; i < 3; i++) {
    const store = await RedisStore.open({ url: redis.url, quarantineMs: 10 })
    const server = new DurableStreamsServer({ store, port: 0, stopTimeoutMs: 500 })
    stores.push(store)
    servers.push(server)
    urls.push(`${await server.start()}/v1/stream/fan`)
  }
  const [writer, ...others] = urls as [string, string, string]
  await fetch(writer, { method: 'PUT', headers: text })
  const agent = new Agent({ maxSockets: Infinity })
  const readers = await Promise.all(
    Array.from({ length: READERS }, (_, i) => follow(others[i % others.length]!, agent)),
  )
  const loadsBefore = await calls(redis, 'hmget')
  let expected = ''
  for (let i = 0; i < MESSAGES; i++) {
    await fetch(writer, { method: 'POST', headers: text, body: `m${i};` })
    expected += `m${i};`
    const wanted = expected
    await expect
      .poll(() => readers.every(({ seen }) => seen === wanted), { timeout: 10_000, interval: 5 })
      .toBe(true)
  }
  // The stream is read once per node and message, not once per reader.
  expect((await calls(redis, 'hmget')) - loadsBefore).toBeLessThan(MESSAGES * 40)
  for (const reader of readers) reader.close()
  agent.destroy()
  await Promise.all(servers.map((server) => server.stop()))
  await Promise.all(stores.map((store) => store.close()))
  await redis.stop()
}, 60_000)

async function calls(redis: RedisServer, command: string): Promise<number> {
  const stats = (await redis.ask('info', 'commandstats')) as string
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}
