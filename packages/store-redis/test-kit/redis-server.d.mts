import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Redis } from 'ioredis'

/**
 * The path of the server to test with: what DS_REDIS_SERVER names, or redis-server, or valkey-server. Where none is
 * installed, Debian's package is installed if this process may do that; otherwise it throws and says what to do.
 */
export function findRedisServer(): string

/** Installs a package of Debian, and returns the path of one of its programs; throws where that cannot be. */
export function installed(packageName: string, programName: string): string

/** The path of a program, or null. */
export function which(name: string): string | null

/** Starts a program that ends with this process, even if that is killed, where the system can do that. */
export function spawnBound(
  path: string,
  args: readonly string[],
): ChildProcessByStdio<null, Readable, Readable>

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number>

/** A redis-server of its own, in a directory of its own, which ends with this process at the latest. */
export class RedisServer {
  /** Starts one; options are as on its command line, such as `--appendonly`, `yes`. */
  static start(...options: readonly string[]): Promise<RedisServer>
  readonly port: number
  readonly directory: string
  get url(): string
  /** `host:port` */
  get address(): string
  /** Starts it again with what is in its directory. Resolves when it answers. */
  run(...more: readonly string[]): Promise<void>
  /** Sends a signal to the process: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void
  /** Ends the process at once; what is in its directory stays. */
  kill(): Promise<void>
  /** Ends the process and removes its directory. */
  stop(): Promise<void>
  /** Resolves when this server, which is a replica of `master`, has everything that `master` has been told until now. */
  whenFollowing(master: RedisServer): Promise<void>
  /** A plain connection for a test's own questions; the caller ends it. */
  connect(): Redis
  /** Sends one command and returns the answer. */
  ask(name: string, ...args: readonly string[]): Promise<unknown>
}
