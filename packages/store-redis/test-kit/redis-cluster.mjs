import { RedisServer } from './redis-server.mjs'

const SLOTS = 16_384
const LIMIT_MS = 30_000
const NODE_TIMEOUT_MS = '1000'

/** A Redis Cluster of masters, and a replica for each of them if asked for. */
export class RedisCluster {
  constructor(masters, replicas) {
    this.masters = masters
    this.replicas = replicas
  }

  static async start(count = 3, withReplicas = false, ...options) {
    const start = () =>
      RedisServer.start(
        '--cluster-enabled',
        'yes',
        '--cluster-node-timeout',
        NODE_TIMEOUT_MS,
        '--repl-diskless-sync-delay',
        '0',
        ...options,
      )
    const masters = await Promise.all(Array.from({ length: count }, start))
    const replicas = withReplicas ? await Promise.all(Array.from({ length: count }, start)) : []
    const cluster = new RedisCluster(masters, replicas)
    await cluster.#join()
    return cluster
  }

  /** `host:port` of each master. */
  get addresses() {
    return this.masters.map(({ address }) => address)
  }

  /** The master that has a slot, as the nodes see it. */
  async ownerOf(slot) {
    const id = (await this.#nodes()).find(({ ranges }) =>
      ranges.some(([from, to]) => slot >= from && slot <= to),
    )?.id
    for (const server of [...this.masters, ...this.replicas]) {
      if ((await server.ask('cluster', 'myid').catch(() => null)) === id) return server
    }
    throw new Error(`nobody has slot ${slot}`)
  }

  /** The replica that a master was given at the start. */
  replicaOf(master) {
    return this.replicas[this.masters.indexOf(master)]
  }

  /** Moves a slot to another master, key by key; `between` is called after each step. */
  async moveSlot(slot, target, between = async () => undefined) {
    const source = await this.ownerOf(slot)
    const [sourceId, targetId] = await Promise.all([
      source.ask('cluster', 'myid'),
      target.ask('cluster', 'myid'),
    ])
    await target.ask('cluster', 'setslot', String(slot), 'importing', sourceId)
    await source.ask('cluster', 'setslot', String(slot), 'migrating', targetId)
    await between()
    for (;;) {
      const keys = await source.ask('cluster', 'getkeysinslot', String(slot), '1')
      if (keys.length === 0) break
      await source.ask('migrate', '127.0.0.1', String(target.port), '', '0', '5000', 'keys', ...keys)
      await between()
    }
    for (const server of [target, source, ...this.masters]) {
      await server.ask('cluster', 'setslot', String(slot), 'node', targetId)
    }
  }

  async stop() {
    await Promise.all([...this.masters, ...this.replicas].map((server) => server.stop()))
  }

  /** The nodes as the first that answers sees them. */
  async #nodes() {
    for (const server of this.masters) {
      const seen = await nodesAsSeenBy(server).catch(() => null)
      if (seen !== null) return seen
    }
    throw new Error('no master answers')
  }

  async #join() {
    const [first, ...others] = this.masters
    const share = Math.ceil(SLOTS / this.masters.length)
    for (const [i, server] of this.masters.entries()) {
      const to = Math.min(SLOTS, (i + 1) * share) - 1
      await server.ask('cluster', 'addslotsrange', String(i * share), String(to))
      await server.ask('cluster', 'set-config-epoch', String(i + 1))
    }
    for (const server of [...others, ...this.replicas]) {
      await server.ask('cluster', 'meet', '127.0.0.1', String(first.port))
    }
    const all = [...this.masters, ...this.replicas]
    await until(async () => {
      for (const server of all) {
        const info = await server.ask('cluster', 'info')
        if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${all.length}`))
          return false
      }
      return true
    })
    for (const [i, replica] of this.replicas.entries()) {
      const masterId = await this.masters[i].ask('cluster', 'myid')
      await replica.ask('cluster', 'replicate', masterId)
      await replica.whenFollowing(this.masters[i])
    }
  }
}

async function nodesAsSeenBy(server) {
  const text = await server.ask('cluster', 'nodes')
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id, , , , , , , , ...ranges] = line.split(' ')
      return {
        id,
        ranges: ranges
          .filter((range) => /^\d/.test(range))
          .map((range) => {
            const [from, to = from] = range.split('-').map(Number)
            return [from, to]
          }),
      }
    })
}

async function until(isSo) {
  const deadline = Date.now() + LIMIT_MS
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('the cluster did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
