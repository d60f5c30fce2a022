/**
 * Appends per second through the store, and what the disk itself can do. Build first; then
 * `node measure/measure.mjs [directory]`.
 */
import { FileStore } from '../dist/index.js'
import { NEVER } from '@ds/core'
import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const WRITERS = 64
const SECONDS = 4
const BODY = Buffer.alloc(100, 'x')
const parent = process.argv[2] ?? tmpdir()

const recordOf = (streamId, tail) => ({
  streamId,
  state: 'live',
  contentType: 'text/plain',
  createdAt: Date.now(),
  start: 0,
  base: 0,
  tail,
  closed: false,
  closedBy: null,
  lastStreamSeq: null,
  expiry: NEVER,
  lineage: [],
  origin: null,
  forkDepth: 0,
  forkCount: 0,
  pendingForks: [],
  producerCount: 0,
  unsettledSince: null,
})

console.log(`raw: ${await measureDisk()} writes of 100 bytes with fdatasync per second`)
for (const durability of ['fsync', 'os']) {
  for (const streams of [1, 1_000, 10_000]) console.log(await measureAppends(streams, durability))
}
console.log(await measureManyStreams(100_000))

async function measureDisk() {
  const folder = mkdtempSync(join(parent, 'ds-measure-'))
  const file = openSync(join(folder, 'raw'), 'w')
  const call = (start) =>
    new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))
  await call((done) => write(file, Buffer.alloc(4 << 20), 0, 4 << 20, 0, done))
  await call((done) => fdatasync(file, done))
  const end = performance.now() + SECONDS * 1000
  let count = 0
  for (; performance.now() < end; count++) {
    await call((done) => write(file, BODY, 0, 100, count * 100, done))
    await call((done) => fdatasync(file, done))
  }
  closeSync(file)
  rmSync(folder, { recursive: true })
  return Math.round(count / SECONDS)
}

/** As the engine does it: appends to one stream that wait for each other share the next commit. */
async function measureAppends(streams, durability) {
  const folder = mkdtempSync(join(parent, 'ds-measure-'))
  const store = await FileStore.open(folder, { durability, onFault: (error) => console.error(error) })
  const ids = Array.from({ length: streams }, (_, i) => ({ path: `s/${i}`, queue: null }))
  let appends = 0
  let commits = 0
  const latencies = []
  const end = performance.now() + SECONDS * 1000
  const commitQueue = async (stream) => {
    while (stream.queue.length > 0) {
      const batch = stream.queue.splice(0)
      const loaded = await store.load(stream.path, [])
      const streamId = String(stream.path.slice(2)).padStart(16, '1')
      const before = loaded?.record ?? recordOf(streamId, 0)
      const record = { ...before, tail: before.tail + batch.length * BODY.length }
      const change = {
        commitId: `c${++commits}`,
        record,
        bytes: batch.map(() => BODY),
        entries: new Map(),
        touchedAt: Date.now(),
        ifTouchedAt: null,
      }
      const result = await store.commit(stream.path, loaded?.version ?? null, change)
      if (result.kind !== 'committed') throw new Error(result.kind)
      for (const resolve of batch) resolve()
    }
    stream.queue = null
  }
  const writer = async (from) => {
    for (let i = from; performance.now() < end; i += WRITERS) {
      const stream = ids[i % streams]
      const start = performance.now()
      await new Promise((resolve, reject) => {
        if (stream.queue !== null) stream.queue.push(resolve)
        else {
          stream.queue = [resolve]
          setImmediate(() => commitQueue(stream).catch(reject))
        }
      })
      latencies.push(performance.now() - start)
      appends++
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i)))
  await store.close()
  rmSync(folder, { recursive: true })
  latencies.sort((a, b) => a - b)
  const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2)
  const rate = Math.round(appends / SECONDS)
  return `${durability}, ${streams} streams, ${WRITERS} writers: ${rate} appends/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

async function measureManyStreams(streams) {
  const folder = mkdtempSync(join(parent, 'ds-measure-'))
  const store = await FileStore.open(folder, { onFault: (error) => console.error(error) })
  const begin = performance.now()
  const body = Buffer.alloc(1024, 'y')
  let next = 0
  const creator = async () => {
    while (next < streams) {
      const i = next++
      const record = recordOf(String(i).padStart(16, '1'), 1024)
      const base = { entries: new Map(), touchedAt: Date.now(), ifTouchedAt: null }
      await store.commit(`many/${i}`, null, { commitId: `c${i}`, record, bytes: [body], ...base })
    }
  }
  await Promise.all(Array.from({ length: 256 }, creator))
  const created = performance.now()
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20)
  await store.close()
  const opening = performance.now()
  const again = await FileStore.open(folder)
  const opened = performance.now()
  for (let i = 0; i < 1000; i++) await again.load(`many/${(i * 7919) % streams}`, [])
  const loaded = performance.now()
  const listed = await again.list('many/5', '', 1000)
  const list = performance.now()
  await again.close()
  rmSync(folder, { recursive: true })
  const seconds = ((created - begin) / 1000).toFixed(1)
  return (
    `${streams} streams with 1 KiB: made in ${seconds} s with ${memory} MiB resident, ` +
    `opened in ${Math.round(opened - opening)} ms, cold load ${((loaded - opened) / 1000).toFixed(3)} ms, ` +
    `list of ${listed.length} in ${Math.round(list - loaded)} ms`
  )
}
