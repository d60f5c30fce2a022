import { DurableStreamsServer } from '@ds/server'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { changeOf, pathOf, put, write } from './changes.js'

const a = pathOf('a')
const opened: { close(): Promise<unknown> }[] = []
const servers: RedisServer[] = []

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  for (const server of servers.splice(0)) await server.stop()
})

async function startRedis(...options: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...options)
  servers.push(server)
  return server
}

async function openStore(options: Parameters<typeof RedisStore.open>[0]): Promise<RedisStore> {
  const store = await RedisStore.open({
    quarantineMs: 10,
    checkIntervalMs: 50,
    commandTimeoutMs: 1_000,
    ...options,
  })
  opened.push(store)
  return store
}

const containing = (text: string): string => expect.stringContaining(text) as string
const unavailable = { name: 'StoreError', code: 'unavailable' }

describe('opening', () => {
  test('fails with words for an operator when nobody answers', async () => {
    const opening = RedisStore.open({ url: 'redis://127.0.0.1:1', openTimeoutMs: 200 })
    await expect(opening).rejects.toMatchObject({
      ...unavailable,
      message: containing('ECONNREFUSED'),
    })
  })

  test.each([
    { url: 'http://x' },
    { url: 'redis://x/one' },
    { url: 'nonsense' },
    { keyPrefix: 'a{b}' },
    { cluster: [] },
    { url: 'redis://x', cluster: ['x:1'] },
    { commandTimeoutMs: NaN },
    { quarantineMs: -1 },
    { checkIntervalMs: 0 },
    { rememberedStreams: Infinity },
    { minimumDurability: 'fsync' as 'power' },
    { assumedDurability: 'none' as 'power' },
    { acknowledge: { replicas: 0 } },
    { acknowledge: { replicas: 1.5 } },
    { acknowledge: { replicas: 1, timeoutMs: 0 } },
    // Redis would be taken for dead before its replicas are late.
    { acknowledge: { replicas: 1, timeoutMs: 5_000 } },
    { acknowledge: { replicas: 1 }, commandTimeoutMs: 800 },
  ])('refuses %o', async (options) => {
    await expect(RedisStore.open(options)).rejects.toBeInstanceOf(RangeError)
  })

  test('refuses a server that keeps less than is asked for, and takes one that keeps enough', async () => {
    const redis = await startRedis()
    const options = { url: redis.url, minimumDurability: 'process' } as const
    await expect(openStore(options)).rejects.toMatchObject({
      ...unavailable,
      message: containing('commits would be volatile, and at least process is asked for'),
    })
    await redis.ask('config', 'set', 'appendonly', 'yes')
    expect((await openStore(options)).capabilities.durability).toBe('process')
  })

  test('refuses data that another version of the store has written in another way, and leaves it alone', async () => {
    const redis = await startRedis()
    await write(await openStore({ url: redis.url }), 'a', 'x')
    const metas = (await redis.ask('keys', '*meta')) as string[]
    expect(metas).toHaveLength(256)
    for (const layout of ['3', null]) {
      const change = layout === null ? ['hdel', metas[7]!, 'layout'] : ['hset', metas[7]!, 'layout', layout]
      await redis.ask(change[0]!, ...change.slice(1))
      const before = await redis.ask('hgetall', metas[7]!)
      const opening = RedisStore.open({ url: redis.url, openTimeoutMs: 500 })
      await expect(opening).rejects.toMatchObject({
        message: containing(`has data of layout ${layout ?? 0}`),
      })
      expect(await redis.ask('hgetall', metas[7]!)).toEqual(before)
    }
  })

  test('with a password needs the password', async () => {
    const redis = await startRedis('--requirepass', 'secret')
    const url = `redis://:secret@${redis.address}`
    await write(await openStore({ url }), 'a', 'x')
    const opening = RedisStore.open({ url: redis.url, openTimeoutMs: 500 })
    await expect(opening).rejects.toMatchObject({
      ...unavailable,
      message: containing('NOAUTH'),
    })
  })
})

test('a user who may do what the README says, and no more, is enough', async () => {
  const redis = await startRedis('--appendonly', 'yes')
  const rights = ['+@read', '+@write', '+@pubsub', '+@scripting', '+info', '+time', '+config|get']
  await redis.ask('acl', 'setuser', 'app', 'on', '>pw', '~own:*', '&own:*', ...rights)
  const store = await openStore({ url: `redis://app:pw@${redis.address}`, keyPrefix: 'own:' })
  let wakes = 0
  store.watch(a, () => wakes++)
  await expect.poll(() => wakes).toBe(1)
  const record = await write(store, 'a', 'x'.repeat(20_000), {
    expiry: { kind: 'ttl', seconds: 60 },
    createdAt: Date.now(),
  })
  await store.touch(a, record.streamId, Date.now() + 1_000)
  expect((await store.read(a, record.streamId, 0, 5))?.length).toBe(1)
  expect(await store.list('', '', 5)).toEqual(['a'])
  expect(await store.due(Date.now() + 100_000, 5)).toEqual(['a'])
  await put(store, 'a', changeOf(null))
  expect(store.health()).toMatchObject({ durability: 'process', problems: [] })
})

describe('the durability', () => {
  test.each([
    ['volatile', ['--appendonly', 'no'], []],
    ['process', ['--appendonly', 'yes'], []],
    ['power', ['--appendonly', 'yes', '--appendfsync', 'always'], []],
    [
      'process',
      ['--appendonly', 'yes', '--appendfsync', 'always', '--no-appendfsync-on-rewrite', 'yes'],
      [containing('no-appendfsync-on-rewrite')],
    ],
    [
      'volatile',
      ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'],
      [containing('maxmemory-policy is not noeviction')],
    ],
  ])('is %s with %j', async (durability, options, problems) => {
    const redis = await startRedis(...options)
    const store = await openStore({ url: redis.url })
    expect(store.capabilities.durability).toBe(durability)
    expect(store.health()).toMatchObject({ durability, problems, isWritable: true })
  })

  test('that sinks below the minimum later stops commits until it is back; reads go on', async () => {
    const redis = await startRedis('--appendonly', 'yes')
    const store = await openStore({ url: redis.url, minimumDurability: 'process' })
    await write(store, 'a', 'x')
    await redis.ask('config', 'set', 'appendonly', 'no')
    await expect.poll(() => store.health().isWritable).toBe(false)
    await expect(write(store, 'a', 'y')).rejects.toMatchObject(unavailable)
    expect((await store.load(a, []))?.record.tail).toBe(1)
    await redis.ask('config', 'set', 'appendonly', 'yes')
    await expect.poll(() => store.health().isWritable).toBe(true)
    await write(store, 'a', 'y')
  })

  test('of a server that hides its configuration is what the operator says', async () => {
    const redis = await startRedis('--appendonly', 'yes')
    await redis.ask('acl', 'setuser', 'app', 'on', '>pw', '~*', '&*', '+@all', '-config')
    const url = `redis://app:pw@${redis.address}`
    const unsure = await openStore({ url })
    expect(unsure.capabilities.durability).toBe('volatile')
    expect(unsure.health().problems[0]).toContain('say assumedDurability')
    const sure = await openStore({ url, assumedDurability: 'process' })
    expect(sure.health()).toMatchObject({ durability: 'process', problems: [] })
  })
})

describe('a commit is refused, and changes nothing,', () => {
  test('as full when there is no memory; removals make room again', async () => {
    const redis = await startRedis()
    const store = await openStore({ url: redis.url })
    await write(store, 'a', 'x'.repeat(1_000_000))
    await write(store, 'b', 'y'.repeat(1_000_000))
    await redis.ask('config', 'set', 'maxmemory', String((await usedMemory(redis)) - 200_000))
    await expect(write(store, 'c', 'z')).rejects.toMatchObject({ code: 'full' })
    expect(await store.load(pathOf('c'), [])).toBeNull()
    expect(await store.list('', '', 10)).toEqual(['a', 'b'])
    await put(store, 'b', changeOf(null))
    await write(store, 'c', 'z')
  })

  test('while too few replicas are there', async () => {
    const redis = await startRedis()
    const store = await openStore({ url: redis.url })
    await redis.ask('config', 'set', 'min-replicas-to-write', '1')
    await expect(write(store, 'a', 'x')).rejects.toMatchObject(unavailable)
    expect(await store.load(a, [])).toBeNull()
    await redis.ask('config', 'set', 'min-replicas-to-write', '0')
    await write(store, 'a', 'x')
  })

  test('by a server that has become a replica; the store does not use it any more', async () => {
    const redis = await startRedis()
    const master = await startRedis()
    const store = await openStore({ url: redis.url })
    await redis.ask('replicaof', '127.0.0.1', String(master.port))
    await expect(write(store, 'a', 'x')).rejects.toMatchObject(unavailable)
    await expect.poll(() => store.health().servers[0]?.trouble).toBe('is a replica')
    await expect(store.load(a, [])).rejects.toMatchObject(unavailable)
    await redis.ask('replicaof', 'no', 'one')
    await expect.poll(() => store.health().isWritable, { timeout: 5_000 }).toBe(true)
    await write(store, 'a', 'x')
  })

  test('without telling in the error what the commit carried', async () => {
    const redis = await startRedis()
    const store = await openStore({ url: redis.url })
    await redis.ask('config', 'set', 'min-replicas-to-write', '1')
    const error = await write(store, 'a', 'secret').catch((reason: unknown) => reason)
    expect(inspect(error, { depth: 10 })).not.toContain('secret')
  })

  test('by a server that does not know the scripts any more only until it has learned them again', async () => {
    const redis = await startRedis()
    const store = await openStore({ url: redis.url })
    await redis.ask('script', 'flush')
    await write(store, 'a', 'x')
  })
})

describe('commits that wait for replicas', () => {
  test('are acknowledged when a replica has them, and unknown while none has', async () => {
    const redis = await startRedis('--repl-diskless-sync-delay', '0')
    const replica = await startRedis('--replicaof', '127.0.0.1', String(redis.port))
    await replica.whenFollowing(redis)
    const store = await openStore({
      url: redis.url,
      acknowledge: { replicas: 1, timeoutMs: 1_000 },
      commandTimeoutMs: 5_000,
    })
    expect(store.health().durability).toBe('replicated(1)')
    const record = await write(store, 'a', 'x')
    replica.signal('SIGSTOP')
    const { version } = (await store.load(a, []))!
    const change = changeOf({ ...record, tail: 2 }, 'y')
    expect(await store.commit(a, version, change)).toMatchObject({ kind: 'unknown' })
    // What may not have reached anybody else is not shown either.
    await expect(store.load(a, [])).rejects.toMatchObject(unavailable)
    replica.signal('SIGCONT')
    await expect
      .poll(() => store.load(a, []).catch(() => null), { timeout: 10_000 })
      .toMatchObject({ commitId: change.commitId })
  })

  test.each([
    ['no append-only file', ['--appendonly', 'no'], 'appendonly no'],
    [
      'an append-only file that is not synced',
      ['--appendonly', 'yes', '--appendfsync', 'no'],
      'appendfsync no',
    ],
    ['one that is synced every second', ['--appendonly', 'yes', '--appendfsync', 'everysec'], null],
  ])('if they are to wait for syncs, need Redis 7.2 that syncs: %s', async (_what, options, trouble) => {
    const redis = await startRedis(...options)
    const [, version] = /redis_version:(\d+\.\d+)/.exec((await redis.ask('info', 'server')) as string)!
    const refusal = Number(version) < 7.2 ? 'needs 7.2' : trouble
    const acknowledge = { replicas: 0, synced: true, timeoutMs: 3_000 }
    if (refusal !== null) {
      const opening = RedisStore.open({ url: redis.url, acknowledge, openTimeoutMs: 500 })
      await expect(opening).rejects.toMatchObject({ message: containing(refusal) })
      return
    }
    const store = await RedisStore.open({ url: redis.url, acknowledge })
    opened.push(store)
    expect(store.health().durability).toBe('power')
    await write(store, 'a', 'x')
    const file = await redis.ask('info', 'persistence')
    expect(file).toContain('aof_pending_bio_fsync:0')
  })
})

describe('while Redis is gone', () => {
  test('requests are answered 503 with Retry-After, readers stay, and everything goes on when it is back', async () => {
    const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const store = await openStore({ url: redis.url })
    const server = new DurableStreamsServer({ store, port: 0, onFault: () => undefined })
    const url = `${await server.start()}/v1/stream/jobs`
    const headers = { 'content-type': 'text/plain' }
    await fetch(url, { method: 'PUT', headers, body: 'one;' })
    const reader = (await fetch(`${url}?offset=-1&live=sse`))
      .body!.pipeThrough(new TextDecoderStream())
      .getReader()
    let seen = (await reader.read()).value ?? ''
    await redis.kill()
    const refused = await fetch(url, { method: 'POST', headers, body: 'lost;' })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    await expect.poll(() => store.health().problems[0]).toContain(`Redis at ${redis.address}`)
    await redis.run()
    await expect
      .poll(async () => (await fetch(url, { method: 'POST', headers, body: 'two;' })).status, {
        timeout: 5_000,
      })
      .toBe(204)
    while (!seen.includes('two;')) seen += (await reader.read()).value ?? ''
    expect(seen.match(/(one|lost|two);/g)).toEqual(['one;', 'two;'])
    await reader.cancel()
    await server.stop()
  })
})

async function usedMemory(redis: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec((await redis.ask('info', 'memory')) as string)![1])
}
