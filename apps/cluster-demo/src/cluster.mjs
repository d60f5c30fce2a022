import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { RedisServer, freePort } from '../../../packages/store-redis/test-kit/redis-server.mjs'
import { startNginx } from './nginx.mjs'

const NODES = 3
const NODE = fileURLToPath(new URL('node.mjs', import.meta.url))

/** Redis, three nodes, and nginx before them; all of it in one directory that `stop` removes. */
export async function startCluster() {
  const directory = mkdtempSync(join(tmpdir(), 'ds-cluster-demo-'))
  const started = []
  const stop = async () => {
    for (const end of started.reverse().splice(0)) await end()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'everysec')
    started.push(() => redis.stop())
    const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(redis.url)))
    for (const { child } of nodes) started.push(() => end(child, 'SIGTERM'))
    const port = await freePort()
    const addresses = nodes.map(({ url }) => url.replace('http://', ''))
    const nginx = await startNginx(join(directory, 'nginx'), port, addresses)
    started.push(() => end(nginx, 'SIGTERM'))
    return { redis, nodes, url: `http://127.0.0.1:${port}`, kill: ({ child }) => end(child, 'SIGKILL'), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startNode(redisUrl) {
  const child = fork(NODE, [redisUrl, String(await freePort())])
  const [{ url }] = await once(child, 'message')
  return { child, url }
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
