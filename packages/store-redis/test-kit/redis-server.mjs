import { Redis } from 'ioredis'
import { createServer } from 'node:net'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { tmpdir } from 'node:os'

const START_LIMIT_MS = 10_000
const FOLLOW_LIMIT_MS = 30_000
const LARGEST_PORT_OF_CLUSTERS = 55_535
const OLDEST_MAJOR = 7

/** Servers that still run, and directories that are still there; they end with this process. */
const running = new Set()
const directories = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

let program = null

/**
 * The path of the server to test with: what DS_REDIS_SERVER names, or redis-server, or valkey-server. Where none is
 * installed, Debian's package is installed if this process may do that; otherwise it throws and says what to do: without Redis nothing can be said of this store.
 */
export function findRedisServer() {
  program ??= checked(
    process.env.DS_REDIS_SERVER ??
      which('redis-server') ??
      which('valkey-server') ??
      installed('redis-server', 'redis-server'),
  )
  return program
}

/** Installs a package of Debian, and returns the path of one of its programs; throws where that cannot be. */
export function installed(packageName, programName) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new Error(`${programName} is not installed: install it, or run this as root on Debian`)
  }
  // Several processes may find out at the same time; and no service is to be started.
  const script = `command -v ${programName} || (apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packageName})`
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  execFileSync('flock', [join(tmpdir(), 'ds-install.lock'), 'sh', '-c', script], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const found = which(programName)
  if (found === null) throw new Error(`${packageName} was installed, and there is still no ${programName}`)
  return found
}

/** The path of a program, or null. */
export function which(name) {
  try {
    return execFileSync('sh', ['-c', `command -v ${name} || command -v /usr/sbin/${name}`], {
      encoding: 'utf8',
    }).trim()
  } catch {
    return null
  }
}

function checked(path) {
  const text = execFileSync(path, ['--version'], { encoding: 'utf8' })
  const major = Number(/v=(\d+)/.exec(text)?.[1] ?? 0)
  if (major < OLDEST_MAJOR) throw new Error(`${path} is too old, ${OLDEST_MAJOR}.0 is needed: ${text.trim()}`)
  return path
}

/** Starts a program that ends with this process, even if that is killed, where the system can do that. */
export function spawnBound(path, args) {
  const stdio = ['ignore', 'pipe', 'pipe']
  const setpriv = which('setpriv')
  return setpriv === null
    ? spawn(path, args, { stdio })
    : spawn(setpriv, ['--pdeathsig', 'KILL', '--', path, ...args], { stdio })
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  for (;;) {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    server.close()
    await once(server, 'close')
    // A cluster's nodes talk to each other on the port that is 10,000 higher.
    if (port <= LARGEST_PORT_OF_CLUSTERS) return port
  }
}

/** A redis-server of its own, in a directory of its own, which ends with this process at the latest. */
export class RedisServer {
  #options
  #child = null

  constructor(port, directory, options) {
    this.port = port
    this.directory = directory
    this.#options = options
  }

  static async start(...options) {
    const directory = mkdtempSync(join(tmpdir(), 'ds-redis-'))
    directories.add(directory)
    const server = new RedisServer(await freePort(), directory, options)
    await server.run()
    return server
  }

  get url() {
    return `redis://${this.address}`
  }

  get address() {
    return `127.0.0.1:${this.port}`
  }

  async run(...more) {
    const options = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.directory,
      '--save',
      '',
    ]
    const child = spawnBound(findRedisServer(), [...options, '--daemonize', 'no', ...this.#options, ...more])
    let output = ''
    const note = (chunk) => (output = (output + chunk.toString()).slice(-2_000))
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    running.add(child)
    child.once('exit', () => running.delete(child))
    this.#child = child
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`redis-server did not start: ${output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  signal(signal) {
    this.#child?.kill(signal)
  }

  async kill() {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async stop() {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
    directories.delete(this.directory)
  }

  connect() {
    const options = { protocol: 2, disableClientInfo: true, retryStrategy: () => null }
    const redis = new Redis(this.port, '127.0.0.1', options)
    redis.on('error', () => undefined)
    return redis
  }

  async ask(name, ...args) {
    const redis = this.connect()
    try {
      return await redis.call(name, ...args)
    } finally {
      redis.disconnect()
    }
  }

  /** Resolves when this server, which is a replica of `master`, has everything that `master` has been told until now. */
  async whenFollowing(master) {
    // Its link is up before its master sends what comes next, a second before at times, in which no commit that waits
    // for replicas succeeds. A message is replicated and leaves nothing behind.
    await master.ask('publish', 'test', '')
    const told = (await master.#replication()).master_repl_offset
    const deadline = Date.now() + FOLLOW_LIMIT_MS
    for (;;) {
      const { master_link_status: link, slave_repl_offset: has } = await this.#replication()
      if (link === 'up' && Number(has) >= Number(told)) return
      if (Date.now() > deadline) throw new Error(`${this.address} does not follow ${master.address}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async #replication() {
    const text = await this.ask('info', 'replication')
    return Object.fromEntries(text.split('\r\n').map((line) => line.split(':', 2)))
  }

  async #answers() {
    const options = { lazyConnect: true, retryStrategy: () => null, protocol: 2, enableReadyCheck: false }
    const redis = new Redis(this.port, '127.0.0.1', options)
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      return (await redis.ping()) === 'PONG'
    } catch (error) {
      return error.message.startsWith('NOAUTH')
    } finally {
      redis.disconnect()
    }
  }
}
