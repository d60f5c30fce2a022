import {
  RedisServer,
  findRedisServer,
  freePort,
  installed,
  spawnBound,
  which,
} from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { Redis } from 'ioredis'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { join } from 'node:path'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { pathOf, readAll, write } from './changes.js'
import { tmpdir } from 'node:os'

const a = pathOf('a')

test('a master that sentinels replace is followed without a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ds-sentinel-'))
  const master = await RedisServer.start('--repl-diskless-sync-delay', '0')
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port))
  await replica.whenFollowing(master)
  const port = await freePort()
  const file = join(directory, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsentinel monitor main 127.0.0.1 ${master.port} 1\n` +
      'sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n',
  )
  const sentinel = spawnBound(findRedisServer(), [file, '--sentinel'])
  const asking = new Redis(port, '127.0.0.1', { protocol: 2 })
  asking.on('error', () => undefined)
  // The sentinel has to have found the replica before it can promote it.
  const findReplicas = async (): Promise<unknown[]> =>
    (await asking.call('sentinel', 'replicas', 'main')) as unknown[]
  await expect.poll(() => findReplicas().catch(() => []), { timeout: 15_000 }).toHaveLength(1)
  const store = await RedisStore.open({
    connection: { sentinels: [{ host: '127.0.0.1', port }], name: 'main' },
    quarantineMs: 100,
    commandTimeoutMs: 1_000,
  })
  await write(store, 'a', 'before;')
  await replica.whenFollowing(master)
  await master.kill()
  const again = async (): Promise<string> => {
    await write(store, 'a', 'after;')
    return 'written'
  }
  await expect.poll(() => again().catch(() => 'refused'), { timeout: 20_000 }).toBe('written')
  const { record } = (await store.load(a, []))!
  expect((await readAll(store, 'a', record)).toString()).toBe('before;after;')
  expect(store.health().dataLosses).toEqual([])
  await store.close()
  asking.disconnect()
  sentinel.kill('SIGKILL')
  await once(sentinel, 'exit')
  await replica.stop()
  await master.stop()
  rmSync(directory, { recursive: true })
}, 60_000)

test('connections can be encrypted', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ds-tls-'))
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync(
    which('openssl') ?? installed('openssl', 'openssl'),
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
      ...subject,
    ],
    { stdio: 'ignore' },
  )
  const port = await freePort()
  const tls = ['--tls-port', String(port), '--tls-cert-file', certificate, '--tls-key-file', key]
  const redis = await RedisServer.start(...tls, '--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no')
  const connection = { tls: { ca: readFileSync(certificate) } }
  const store = await RedisStore.open({ url: `rediss://localhost:${port}`, connection, quarantineMs: 100 })
  const record = await write(store, 'a', 'secret')
  expect((await readAll(store, 'a', record)).toString()).toBe('secret')
  const opening = RedisStore.open({ url: `rediss://localhost:${port}`, openTimeoutMs: 500 })
  await expect(opening).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('self') as string,
  })
  await store.close()
  await redis.stop()
  rmSync(directory, { recursive: true })
}, 30_000)
