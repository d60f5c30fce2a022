import cluster from 'node:cluster'
import { RedisServer } from '../../../../packages/store-redis/test-kit/redis-server.mjs'
import { RedisStore } from '@ds/store-redis'
import { createDurableStreamsServer } from '@ds/server'
import { readSettings, serveSubject } from './serve-subject.mjs'

/** Several nodes, each a process, over one Redis. They share a port, whose connections are dealt out in turn. */
if (cluster.isPrimary) await startNodes(readSettings().nodes)
else await startNode()

async function startNodes(count) {
  // Where this process is killed, the parent removes what is left.
  process.env.TMPDIR = process.env.DS_BENCH_SCRATCH
  const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'everysec')
  process.once('exit', () => redis.stop())
  // Left to the system, a node may get none of them, and another all.
  cluster.schedulingPolicy = cluster.SCHED_RR
  const ports = []
  for (let i = 0; i < count; i++) {
    const worker = cluster.fork({ DS_BENCH_REDIS: redis.url })
    ports.push(await new Promise((resolve) => worker.once('message', ({ port }) => resolve(port))))
  }
  serveSubject(ports[0])
}

async function startNode() {
  const store = await RedisStore.open({ url: process.env.DS_BENCH_REDIS })
  const server = createDurableStreamsServer({ host: '127.0.0.1', port: 0, store, longPollTimeoutMs: 20_000 })
  await server.start()
  process.send({ port: Number(new URL(server.url).port) })
}
