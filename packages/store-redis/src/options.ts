import type { Acknowledgement } from './server-guard.js'
import type { DataLoss } from './admission.js'
import type { Durability } from './durability.js'
import type { Redis, RedisOptions } from 'ioredis'
import { DURABILITIES } from './durability.js'
import { settleChoice, settleNumbers } from '@ds/core'

/** How to reach Redis, and what to expect of it. */
export interface RedisStoreOptions {
  /** One server: `redis://user:password@host:6379/0`, `rediss://` for TLS. Default `redis://127.0.0.1:6379`. */
  readonly url?: string
  /** A Redis Cluster: some of its nodes, each as `host:port`. Instead of `url`. */
  readonly cluster?: readonly string[]
  /**
   * More options of ioredis for every connection: `tls`, `username`, `password`, `sentinels` and `name`, `family`. What
   * keeps commands from being sent twice cannot be changed.
   */
  readonly connection?: RedisOptions
  /** Makes connections in place of `new Redis(options)`; they must not connect before they are told to. */
  readonly connect?: (options: RedisOptions) => Redis
  /** How the addresses that a cluster names can be reached from here, for networks that translate them. */
  readonly mapAddress?: (address: string) => string
  /** What all keys and channels begin with. Without braces. Default `ds:`. */
  readonly keyPrefix?: string
  /** Commits are refused while Redis keeps them less safe than this. Default `volatile`: never. */
  readonly minimumDurability?: Durability
  /** How durable to believe a server to be that does not permit CONFIG GET. Default: `volatile`, and a problem. */
  readonly assumedDurability?: Durability
  /** What a commit waits for besides the server's answer. Default: nothing. */
  readonly acknowledge?: Acknowledgement
  /** How long Redis may be silent before a call fails, in milliseconds. Default 5,000. */
  readonly commandTimeoutMs?: number
  /**
   * How long after a connection was lost calls wait for the next one instead of failing at once, in milliseconds.
   * Default 1,000.
   */
  readonly reconnectWaitMs?: number
  /** How long `open` tries to reach Redis, in milliseconds. Default 15,000. */
  readonly openTimeoutMs?: number
  /**
   * How long a server that was restarted, or has taken over, waits until all nodes have told what they know of its data,
   * in milliseconds. Default 2,000.
   */
  readonly quarantineMs?: number
  /** How often servers are examined, in milliseconds. Default 5,000. */
  readonly checkIntervalMs?: number
  /**
   * How long after a stream has expired Redis removes it by itself if no node has done so, in milliseconds. More than
   * the clocks may differ. Default one hour.
   */
  readonly expiryMarginMs?: number
  /** How long the id of a commit that created a stream is remembered after its removal. Default five minutes. */
  readonly rememberMs?: number
  /** For how many streams this node remembers their last commit, to find out what was lost. Default 100,000. */
  readonly rememberedStreams?: number
  /** Told when Redis has come back with less than was acknowledged. */
  readonly onDataLoss?: (loss: DataLoss) => void
}

/** {@link RedisStoreOptions} with nothing left out. */
export interface RedisStoreSettings extends Required<
  Omit<RedisStoreOptions, 'url' | 'cluster' | 'assumedDurability' | 'acknowledge' | 'connect'>
> {
  readonly url: string
  readonly cluster: readonly string[] | null
  readonly assumedDurability: Durability | null
  readonly acknowledge: Required<Acknowledgement> | null
  readonly connect: (options: RedisOptions) => Redis
}

const NUMBERS = {
  commandTimeoutMs: 5_000,
  reconnectWaitMs: 1_000,
  openTimeoutMs: 15_000,
  quarantineMs: 2_000,
  checkIntervalMs: 5_000,
  expiryMarginMs: 3_600_000,
  rememberMs: 300_000,
  rememberedStreams: 100_000,
}
const MAY_BE_ZERO = ['reconnectWaitMs', 'quarantineMs', 'expiryMarginMs', 'rememberMs'] as const

const PREFIX = /^[^{}\s]{0,64}$/

/** Fills in the defaults; throws a RangeError for what cannot be meant. */
export function settle(
  options: RedisStoreOptions,
  connect: (options: RedisOptions) => Redis,
): RedisStoreSettings {
  const { url, cluster } = options
  if (url !== undefined && cluster !== undefined) throw new RangeError('either url or cluster, not both')
  if (cluster?.length === 0) throw new RangeError('cluster names at least one node')
  const keyPrefix = options.keyPrefix ?? 'ds:'
  if (!PREFIX.test(keyPrefix))
    throw new RangeError('keyPrefix has up to 64 characters, no braces and no spaces')
  if ((options.connection?.db ?? 0) !== 0 && cluster !== undefined) {
    throw new RangeError('a cluster has only database 0')
  }
  const numbers = settleNumbers(options, NUMBERS, MAY_BE_ZERO)
  return {
    ...numbers,
    connection: options.connection ?? {},
    connect: options.connect ?? connect,
    mapAddress: options.mapAddress ?? ((address) => address),
    minimumDurability: settleChoice('minimumDurability', options.minimumDurability, DURABILITIES),
    onDataLoss: options.onDataLoss ?? (() => undefined),
    url: url ?? 'redis://127.0.0.1:6379',
    cluster: cluster ?? null,
    keyPrefix,
    assumedDurability:
      options.assumedDurability === undefined
        ? null
        : settleChoice('assumedDurability', options.assumedDurability, DURABILITIES),
    acknowledge:
      options.acknowledge === undefined
        ? null
        : settleAcknowledgement(options.acknowledge, numbers.commandTimeoutMs),
  }
}

function settleAcknowledgement(
  { replicas, synced = false, timeoutMs }: Acknowledgement,
  commandTimeoutMs: number,
): Required<Acknowledgement> {
  const numbers = settleNumbers({ replicas, timeoutMs }, { replicas: 0, timeoutMs: 1_000 }, ['replicas'])
  if (numbers.replicas === 0 && !synced)
    throw new RangeError('acknowledge says what to wait for: replicas, synced')
  // A server that waits for its replicas is silent, and must not be taken for dead.
  if (numbers.timeoutMs >= commandTimeoutMs) {
    throw new RangeError(`acknowledge.timeoutMs is less than commandTimeoutMs, which is ${commandTimeoutMs}`)
  }
  return { ...numbers, synced }
}
