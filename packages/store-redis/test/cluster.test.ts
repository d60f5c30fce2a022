import { BUCKET_SLOTS, bucketOf } from '../src/buckets.js'
import { DurableStreamsServer } from '@ds/server'
import { RedisCluster } from '../test-kit/redis-cluster.mjs'
import { RedisStore } from '../src/redis-store.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { pathOf, write } from './changes.js'

const text = { 'content-type': 'text/plain' }
const PRODUCERS = 6

let cluster: RedisCluster
const closing: (() => Promise<unknown>)[] = []
const dead: unknown[] = []

beforeAll(async () => {
  cluster = await RedisCluster.start(3, true)
}, 60_000)
afterAll(() => cluster.stop())
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startNode(): Promise<{ store: RedisStore; url: string }> {
  const store = await RedisStore.open({
    cluster: cluster.addresses,
    quarantineMs: 300,
    commandTimeoutMs: 1_500,
  })
  const server = new DurableStreamsServer({ store, port: 0, onFault: () => undefined, stopTimeoutMs: 200 })
  const url = `${await server.start()}/v1/stream`
  closing.push(
    () => store.close(),
    () => server.stop(),
  )
  return { store, url }
}

const slotOf = (path: string): number => BUCKET_SLOTS[bucketOf(path)]!

/** Producers that write numbered messages to both nodes until they are told to stop; each repeats what failed. */
class Load {
  readonly acknowledged: number[] = new Array<number>(PRODUCERS).fill(0)
  readonly #urls: readonly string[]
  readonly #working: Promise<void>[]
  #isOver = false

  constructor(urls: readonly string[], path: string) {
    this.#urls = urls
    this.#working = this.acknowledged.map((_, producer) => this.#produce(producer, path))
  }

  get total(): number {
    return this.acknowledged.reduce((sum, count) => sum + count, 0)
  }

  /** Lets them write so many more. */
  async more(count: number): Promise<void> {
    const wanted = this.total + count
    await expect.poll(() => this.total, { timeout: 20_000 }).toBeGreaterThanOrEqual(wanted)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#working)
  }

  async #produce(producer: number, path: string): Promise<void> {
    for (let attempt = 0; !this.#isOver; attempt++) {
      const seq = this.acknowledged[producer]!
      const headers = {
        ...text,
        'producer-id': `p${producer}`,
        'producer-epoch': '0',
        'producer-seq': String(seq),
      }
      const url = this.#urls[(producer + attempt) % this.#urls.length]!
      const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: `${producer}-${seq};` })
      await response.arrayBuffer()
      if (response.ok) this.acknowledged[producer] = seq + 1
      else await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Everything acknowledged is there once, and in each producer's order. */
function expectWhole(content: string, load: Load): void {
  load.acknowledged.forEach((count, producer) => {
    const own = content.split(';').filter((message) => message.startsWith(`${producer}-`))
    expect(own).toEqual(Array.from({ length: count }, (_, seq) => `${producer}-${seq}`))
  })
}

async function content(url: string, path: string): Promise<string> {
  let body = ''
  let offset = '-1'
  for (;;) {
    const response = await fetch(`${url}/${path}?offset=${offset}`)
    if (response.status !== 200) continue
    body += await response.text()
    if (response.headers.get('stream-up-to-date') === 'true') return body
    offset = response.headers.get('stream-next-offset')!
  }
}

describe('a cluster', () => {
  test('has streams on every master, and lists all of them in order', async () => {
    const { store } = await startNode()
    const paths = Array.from({ length: 60 }, (_, i) => `many/${String(i).padStart(3, '0')}`)
    await Promise.all(paths.map((path) => write(store, path, 'x')))
    for (const master of cluster.masters) {
      expect((await master.ask('keys', '*}s:many/*')) as string[]).not.toHaveLength(0)
    }
    expect(await store.list('many/', '', 100)).toEqual(paths)
    expect(await store.list('many/', 'many/010', 7)).toEqual(paths.slice(11, 18))
  })

  test('forks and deletes streams across slots', async () => {
    const { url } = await startNode()
    const slots = new Set<number>()
    await fetch(`${url}/source`, { method: 'PUT', headers: text, body: 'abc' })
    for (let i = 0; i < 5; i++) {
      slots.add(slotOf(`fork${i}`))
      const headers = { ...text, 'stream-forked-from': '/v1/stream/source' }
      expect((await fetch(`${url}/fork${i}`, { method: 'PUT', headers, body: String(i) })).status).toBe(201)
    }
    expect(slots.size).toBe(5)
    await fetch(`${url}/source`, { method: 'DELETE' })
    expect((await fetch(`${url}/source`)).status).toBe(410)
    for (let i = 0; i < 5; i++) {
      expect(await content(url, `fork${i}`)).toBe(`abc${i}`)
      await fetch(`${url}/fork${i}`, { method: 'DELETE' })
    }
    await expect.poll(async () => (await fetch(`${url}/source`)).status).toBe(404)
  })

  test('wakes readers on other nodes, with one connection for messages per node and master', async () => {
    const [a, b] = [await startNode(), await startNode()]
    let wakes = 0
    for (let i = 0; i < 50; i++) b.store.watch(pathOf(`w${i}`), () => wakes++)
    await expect.poll(() => wakes).toBe(50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => write(a.store, `w${i}`, 'x')))
    await expect.poll(() => wakes).toBe(100)
    for (const master of cluster.masters) {
      const clients = (await master.ask('client', 'list')) as string
      const listening = clients.split('\n').filter((line) => / ssub=[1-9]/.test(line)).length
      expect([1, 2]).toContain(listening)
    }
  })
})

describe('under load', () => {
  test('a slot that moves to another master, key by key, loses and doubles nothing', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const path = 'moving'
    await fetch(`${a.url}/${path}`, { method: 'PUT', headers: text, body: '' })
    for (let i = 0; i < 5; i++) await write(a.store, 'other', 'x'.repeat(20_000))
    const load = new Load([a.url, b.url], path)
    const reader = (await fetch(`${b.url}/${path}?offset=-1&live=sse`))
      .body!.pipeThrough(new TextDecoderStream())
      .getReader()
    const source = await cluster.ownerOf(slotOf(path))
    const target = cluster.masters.find((server) => server !== source)!
    for (const to of [target, source]) {
      await load.more(200)
      await cluster.moveSlot(slotOf(path), to, () => new Promise((resolve) => setTimeout(resolve, 20)))
      await load.more(200)
    }
    await load.stop()
    expectWhole(await content(a.url, path), load)
    let seen = ''
    while (!load.acknowledged.every((count, p) => seen.includes(`${p}-${count - 1};`))) {
      seen += (await reader.read()).value ?? ''
    }
    const messages = [...seen.matchAll(/(\d+-\d+);/g)].map(([, message]) => message!)
    expectWhole(messages.join(';'), load)
    await reader.cancel()
  }, 60_000)

  test('what a node has read of a slot that moved is no data loss when the new master dies', async () => {
    const [a, b] = [await startNode(), await startNode()]
    const path = 'visited'
    const source = await cluster.ownerOf(slotOf(path))
    const target = cluster.masters.find((server) => server !== source)!
    await write(a.store, path, 'x')
    await b.store.load(pathOf(path), [])
    await cluster.moveSlot(slotOf(path), target)
    for (let i = 0; i < 5; i++) {
      await expect.poll(() => write(a.store, path, 'y').catch(() => null), { timeout: 10_000 }).not.toBeNull()
      await b.store.load(pathOf(path), [])
    }
    const { record } = (await b.store.load(pathOf(path), []))!
    await cluster.replicaOf(target).whenFollowing(target)
    await target.kill()
    dead.push(target)
    await expect.poll(() => write(a.store, path, 'z').catch(() => null), { timeout: 30_000 }).not.toBeNull()
    const now = (await b.store.load(pathOf(path), []))!.record
    expect(now).toEqual({ ...record, tail: record.tail + 1 })
    for (const { store } of [a, b]) expect(store.health().dataLosses).toEqual([])
  }, 60_000)

  test('a master that dies is followed by its replica without a restart, and nothing that it had is lost', async () => {
    const [a, b] = [await startNode(), await startNode()]
    let path = 'failing'
    let master = await cluster.ownerOf(slotOf(path))
    // One that still has its replica.
    while (dead.includes(master) || !cluster.masters.includes(master)) {
      path += '!'
      master = await cluster.ownerOf(slotOf(path))
    }
    await fetch(`${a.url}/${path}`, { method: 'PUT', headers: text, body: '' })
    const load = new Load([a.url, b.url], path)
    await load.more(300)
    await load.stop()
    await cluster.replicaOf(master).whenFollowing(master)
    await master.kill()
    const again = fetch.bind(null, `${a.url}/${path}`, { method: 'POST', headers: text, body: 'end;' })
    await expect.poll(async () => (await again()).status, { timeout: 30_000, interval: 100 }).toBe(204)
    expectWhole(await content(b.url, path), load)
    expect(a.store.health().dataLosses).toEqual([])
    await expect.poll(() => a.store.health().isWritable, { timeout: 10_000 }).toBe(true)
  }, 60_000)
})
