/**
 * Appends per second through engine and store, on one node and on three processes, with the processor time that each
 * takes; and how long an append takes to a live reader on the same node and on another. Build first; then
 * `node measure/measure.mjs`.
 */
import { DurableStreamsServer } from '@ds/server'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../dist/index.js'
import { StreamEngine } from '@ds/core'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'

const WRITERS = 64
const SECONDS = 3
const WARM_UP_SECONDS = 2
const DELIVERIES = 400
const BODY = Buffer.alloc(100, 'x')
const ME = fileURLToPath(import.meta.url)
const binary = { contentType: 'application/octet-stream' }

const [, , role, url, streams, writers] = process.argv
if (role === 'append') await appendFor(url, Number(streams), Number(writers))
else if (role === 'serve') await serve(url)
else await measureAll()

async function measureAll() {
  const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'everysec')
  for (const count of [1, 1_000]) {
    for (const processes of [1, 3]) console.log(await measureAppends(redis, count, processes))
  }
  console.log(await measureDelivery(redis))
  await redis.stop()
}

async function measureAppends(redis, count, processes) {
  await redis.ask('flushall')
  const before = await processorSeconds(redis)
  const results = await Promise.all(
    Array.from({ length: processes }, async () => {
      const args = ['append', redis.url, String(count), String(Math.ceil(WRITERS / processes))]
      const [result] = await once(fork(ME, args), 'message')
      return result
    }),
  )
  const appends = results.reduce((sum, result) => sum + result.appends, 0)
  const nodeSeconds = results.reduce((sum, result) => sum + result.seconds, 0)
  const allAppends = results.reduce((sum, result) => sum + result.allAppends, 0)
  const redisSeconds = (await processorSeconds(redis)) - before
  const micros = (seconds, count) => `${((seconds * 1e6) / count).toFixed(1)} us`
  return (
    `${processes} node(s), ${count} stream(s): ${Math.round(appends / SECONDS)} appends/s, ` +
    `processor time per append: nodes ${micros(nodeSeconds, appends)}, Redis ${micros(redisSeconds, allAppends)}`
  )
}

/** What Redis has used of its processors so far. */
async function processorSeconds(redis) {
  const info = await redis.ask('info', 'cpu')
  return ['sys', 'user'].reduce(
    (sum, kind) => sum + Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)[1]),
    0,
  )
}

async function appendFor(redisUrl, count, width) {
  const store = await RedisStore.open({ url: redisUrl })
  const engine = new StreamEngine({
    store,
    environment: {
      now: () => Date.now(),
      schedule: (delay, run) => {
        const timer = setTimeout(run, delay)
        return () => clearTimeout(timer)
      },
      defer: (run) => void setImmediate(run),
      newStreamId: () => `1${randomBytes(8).toString('hex').slice(1)}`,
    },
  })
  const creation = { ...binary, expiry: null, closed: false, fork: null, body: new Uint8Array(0) }
  await Promise.all(Array.from({ length: count }, (_, i) => engine.create(`s${i}`, creation)))
  let appends = 0
  let next = 0
  const writeFor = async (seconds) => {
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      await engine.append(`s${next++ % count}`, {
        ...binary,
        body: BODY,
        close: false,
        producer: null,
        streamSeq: null,
      })
      appends++
    }
  }
  const writeAllFor = (seconds) => Promise.all(Array.from({ length: width }, () => writeFor(seconds)))
  await writeAllFor(WARM_UP_SECONDS)
  const warmUpAppends = appends
  const before = process.cpuUsage()
  await writeAllFor(SECONDS)
  const { user, system } = process.cpuUsage(before)
  process.send({ appends: appends - warmUpAppends, allAppends: appends, seconds: (user + system) / 1e6 })
  await engine.close()
  await store.close()
  process.exit(0)
}

async function serve(redisUrl) {
  const store = await RedisStore.open({ url: redisUrl })
  const server = new DurableStreamsServer({ store, port: 0 })
  process.on('disconnect', () => process.exit(0))
  process.send(await server.start())
}

async function measureDelivery(redis) {
  const nodes = [fork(ME, ['serve', redis.url]), fork(ME, ['serve', redis.url])]
  const [[a], [b]] = await Promise.all(nodes.map((node) => once(node, 'message')))
  const same = await deliver(`${a}/v1/stream/same`, `${a}/v1/stream/same`)
  const other = await deliver(`${a}/v1/stream/other`, `${b}/v1/stream/other`)
  for (const node of nodes) node.disconnect()
  return `append to SSE, p50: ${same.toFixed(2)} ms on the same node, ${other.toFixed(2)} ms on another`
}

/** The median time from sending an append to its receipt, in milliseconds. */
async function deliver(writeUrl, readUrl) {
  const headers = { 'content-type': 'text/plain' }
  await fetch(writeUrl, { method: 'PUT', headers })
  const response = await fetch(`${readUrl}?offset=-1&live=sse`)
  const reader = response.body.getReader()
  const times = []
  for (let i = 0; i < DELIVERIES; i++) {
    const begun = performance.now()
    const writing = fetch(writeUrl, { method: 'POST', headers, body: `m${i};` })
    for (let seen = ''; !seen.includes(`m${i};`);) seen += Buffer.from((await reader.read()).value).toString()
    times.push(performance.now() - begun)
    await writing
  }
  await reader.cancel()
  return times.sort((x, y) => x - y)[times.length >> 1]
}
