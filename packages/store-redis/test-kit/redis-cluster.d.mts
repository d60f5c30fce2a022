import type { RedisServer } from './redis-server.mjs'

/** A Redis Cluster of masters, and a replica for each of them if asked for. */
export class RedisCluster {
  static start(count?: number, withReplicas?: boolean, ...options: readonly string[]): Promise<RedisCluster>
  readonly masters: readonly RedisServer[]
  readonly replicas: readonly RedisServer[]
  /** `host:port` of each master. */
  get addresses(): string[]
  /** The master that has a slot, as the nodes see it. */
  ownerOf(slot: number): Promise<RedisServer>
  /** The replica that a master was given at the start. */
  replicaOf(master: RedisServer): RedisServer
  /** Moves a slot to another master, key by key; `between` is called after each step. */
  moveSlot(slot: number, target: RedisServer, between?: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}
