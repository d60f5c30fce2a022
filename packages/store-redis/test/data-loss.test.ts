import type { DataLoss } from '../src/admission.js'
import { DurableStreamsServer } from '@ds/server'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { TcpProxy } from './tcp-proxy.js'
import { afterEach, describe, expect, test } from 'vitest'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pathOf, readAll, write } from './changes.js'

const QUARANTINE_MS = 400

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startRedis(...options: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...options)
  closing.push(() => server.stop())
  return server
}

interface Node {
  readonly store: RedisStore
  readonly losses: DataLoss[]
  readonly url: string
}

/** A node with a server, which finds Redis at an address that may come to lead elsewhere. */
async function startNode(url: string, more: Parameters<typeof RedisStore.open>[0] = {}): Promise<Node> {
  const losses: DataLoss[] = []
  const onDataLoss = (loss: DataLoss): void => void losses.push(loss)
  const options = { url, quarantineMs: QUARANTINE_MS, checkIntervalMs: 100, commandTimeoutMs: 1_000 }
  const store = await RedisStore.open({ ...options, onDataLoss, ...more })
  const server = new DurableStreamsServer({ store, port: 0, onFault: () => undefined, stopTimeoutMs: 200 })
  const origin = await server.start()
  closing.push(
    () => store.close(),
    () => server.stop(),
  )
  return { store, losses, url: `${origin}/v1/stream` }
}

const text = { 'content-type': 'text/plain' }

async function create(node: Node, path: string): Promise<void> {
  expect((await fetch(`${node.url}/${path}`, { method: 'PUT', headers: text })).status).toBe(201)
}

/** Appends, again and again until it is acknowledged; returns the offset after it. */
async function append(node: Node, path: string, body: string): Promise<string> {
  for (;;) {
    const response = await fetch(`${node.url}/${path}`, { method: 'POST', headers: text, body })
    if (response.status === 204) return response.headers.get('stream-next-offset')!
    expect(response.status).toBe(503)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function read(node: Node, path: string, offset = '-1'): Promise<{ status: number; body: string }> {
  for (;;) {
    const response = await fetch(`${node.url}/${path}?offset=${offset}`)
    const body = await response.text()
    if (response.status !== 503) return { status: response.status, body }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A restart after which Redis has only what it had when `remember` was called. */
async function startOverFrom(redis: RedisServer, snapshot: string): Promise<void> {
  await redis.kill()
  cpSync(snapshot, join(redis.directory, 'dump.rdb'))
  await redis.run()
}

async function takeSnapshot(redis: RedisServer): Promise<string> {
  await redis.ask('save')
  const copy = join(redis.directory, 'copy.rdb')
  cpSync(join(redis.directory, 'dump.rdb'), copy)
  return copy
}

describe('an old snapshot that is restored', () => {
  test('is found out: what was acknowledged since is reported, and its offsets are refused for ever', async () => {
    const redis = await startRedis()
    const [a, b] = [await startNode(redis.url), await startNode(redis.url)]
    await create(a, 'lossy')
    await create(a, 'whole')
    const kept = await append(a, 'lossy', 'kept;')
    const wholeOffset = await append(b, 'whole', 'kept;')
    const snapshot = await takeSnapshot(redis)
    const lost = await append(b, 'lossy', 'lost;')
    await startOverFrom(redis, snapshot)
    // The node that knows nothing of what was lost writes first.
    const next = await append(a, 'lossy', 'next;')
    expect(b.losses).toMatchObject([{ streams: 1, examples: ['lossy'], reincarnated: 1 }])
    expect(b.store.health().problems[0]).toContain('1 streams lost commits (lossy)')
    for (const node of [a, b]) {
      expect(await read(node, 'lossy')).toEqual({ status: 200, body: 'kept;next;' })
      expect(next).not.toBe(lost)
      expect((await read(node, 'lossy', lost)).status).toBeGreaterThanOrEqual(400)
      expect((await read(node, 'lossy', kept)).status).toBeGreaterThanOrEqual(400)
      expect(await read(node, 'whole', wholeOffset)).toEqual({ status: 200, body: '' })
    }
    b.store.dismissDataLosses()
    expect(b.store.health().problems).toEqual([])
  })

  test('ends live readers of a stream that lost something, and no others', async () => {
    const redis = await startRedis()
    const node = await startNode(redis.url)
    await create(node, 'lossy')
    await create(node, 'whole')
    const snapshot = await takeSnapshot(redis)
    await append(node, 'lossy', 'lost;')
    const follow = async (path: string): Promise<ReadableStreamDefaultReader<string>> => {
      const response = await fetch(`${node.url}/${path}?offset=now&live=sse`)
      return response.body!.pipeThrough(new TextDecoderStream()).getReader()
    }
    const [lossy, whole] = [await follow('lossy'), await follow('whole')]
    await lossy.read()
    await whole.read()
    await startOverFrom(redis, snapshot)
    await append(node, 'whole', 'more;')
    for (let part = await lossy.read(); !part.done; part = await lossy.read())
      expect(part.value).not.toContain('lost')
    let seen = ''
    while (!seen.includes('more;')) seen += (await whole.read()).value ?? ''
    await whole.cancel()
  })

  test('brings back a removed stream only as another incarnation', async () => {
    const redis = await startRedis()
    const node = await startNode(redis.url)
    await create(node, 'zombie')
    const offset = await append(node, 'zombie', 'x')
    const snapshot = await takeSnapshot(redis)
    await fetch(`${node.url}/zombie`, { method: 'DELETE' })
    await startOverFrom(redis, snapshot)
    await expect.poll(() => node.losses.length, { timeout: 5_000 }).toBe(1)
    expect((await read(node, 'zombie', offset)).status).toBeGreaterThanOrEqual(400)
  })

  test('makes every stream of a bucket suspect of which a node has forgotten something', async () => {
    const redis = await startRedis()
    const node = await startNode(redis.url, { rememberedStreams: 1 })
    for (let i = 0; i < 600; i++) await write(node.store, `s${i}`, 'x')
    const snapshot = await takeSnapshot(redis)
    const before = (await node.store.load(pathOf('s0'), []))!.record
    for (let i = 0; i < 600; i++) await write(node.store, `s${i}`, 'y')
    await startOverFrom(redis, snapshot)
    await expect.poll(() => node.losses.length, { timeout: 10_000 }).toBe(1)
    await expect.poll(() => node.store.health().isWritable, { timeout: 10_000 }).toBe(true)
    expect(node.losses[0]!.reincarnated).toBe(600)
    const after = (await node.store.load(pathOf('s0'), []))!.record
    expect(after.streamId).not.toBe(before.streamId)
    expect((await readAll(node.store, 's0', after)).toString()).toBe('x')
    // A fork that reads the bytes of before still finds them.
    expect((await readAll(node.store, 's0', { ...before, tail: 1 })).toString()).toBe('x')
    await write(node.store, 's0', 'z')
    const again = (await node.store.load(pathOf('s0'), []))!.record
    expect((await readAll(node.store, 's0', again)).toString()).toBe('xz')
  })
})

describe('a fail-over', () => {
  test('to a replica that had not received everything is found out', async () => {
    const master = await startRedis('--repl-diskless-sync-delay', '0')
    const replica = await startRedis('--replicaof', '127.0.0.1', String(master.port))
    await replica.whenFollowing(master)
    let target = master.port
    const proxy = await TcpProxy.start(() => target)
    closing.push(() => proxy.stop())
    const [a, b] = [await startNode(proxy.url), await startNode(proxy.url)]
    await create(a, 's')
    await append(a, 's', 'kept;')
    await replica.whenFollowing(master)
    // From here on it receives nothing, and keeps what it has.
    await replica.ask('replicaof', '127.0.0.1', '1')
    const lost = await append(b, 's', 'lost;')
    await master.kill()
    await replica.ask('replicaof', 'no', 'one')
    target = replica.port
    proxy.cut()
    await append(a, 's', 'next;')
    expect(b.losses).toMatchObject([{ streams: 1, examples: ['s'], reincarnated: 1 }])
    for (const node of [a, b]) {
      expect(await read(node, 's')).toEqual({ status: 200, body: 'kept;next;' })
      expect((await read(node, 's', lost)).status).toBeGreaterThanOrEqual(400)
    }
  })

  test('that loses nothing is no data loss, and offsets stay what they were', async () => {
    const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const node = await startNode(redis.url)
    await create(node, 's')
    const offset = await append(node, 's', 'one;')
    for (let i = 0; i < 2; i++) {
      await redis.kill()
      await redis.run()
      await append(node, 's', 'more;')
    }
    expect(node.losses).toEqual([])
    expect(await read(node, 's', offset)).toEqual({ status: 200, body: 'more;more;' })
  })
})

test('data that vanishes under a running server is found out, too', async () => {
  const redis = await startRedis()
  const node = await startNode(redis.url)
  await create(node, 's')
  await append(node, 's', 'x')
  await redis.ask('flushall')
  await expect.poll(() => node.losses, { timeout: 5_000 }).toMatchObject([{ streams: 1, reincarnated: 0 }])
  expect((await read(node, 's')).status).toBe(404)
})
