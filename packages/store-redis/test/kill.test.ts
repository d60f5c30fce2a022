import type { ChildProcess } from 'node:child_process'
import type { Operation } from './log-history.js'
import { RedisServer, freePort } from '../test-kit/redis-server.mjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkLogHistory } from './log-history.js'
import { execFile, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { rmSync } from 'node:fs'

const CYCLES = Number(process.env['DS_KILL_CYCLES'] ?? 10)
const NODES = 3
const WRITERS = 6
const PRODUCERS = 4
const READERS = 3
const CYCLE_MS = 900
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(PACKAGE, 'node_modules', `.kill-test-${process.pid}`)
const text = { 'content-type': 'text/plain' }

let redis: RedisServer
const nodes: ServerNode[] = []

/** One server node; it always has the same address. */
class ServerNode {
  readonly #port: number
  #child: ChildProcess | null = null

  constructor(port: number) {
    this.#port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1/stream/log`
  }

  async start(): Promise<void> {
    const child = fork(join(BUILT, 'node-process.js'), [redis.url, String(this.#port)])
    this.#child = child
    await once(child, 'message')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child?.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

beforeAll(async () => {
  const tsup = join(PACKAGE, '..', '..', 'node_modules', '.bin', 'tsup')
  const options = ['--format', 'esm', '--no-config', '--target', 'es2022', '-d', BUILT]
  await promisify(execFile)(tsup, ['test/node-process.ts', ...options], { cwd: PACKAGE })
  redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always')
  for (let i = 0; i < NODES; i++) nodes.push(new ServerNode(await freePort()))
  await Promise.all(nodes.map((node) => node.start()))
}, 60_000)

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()))
  await redis.stop()
  rmSync(BUILT, { recursive: true, force: true })
})

const someNode = (): ServerNode => nodes[Math.floor(Math.random() * NODES)]!
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What goes wrong in a cycle. */
const TROUBLES: readonly (() => Promise<void>)[] = [
  async () => {
    await redis.kill()
    await pause(Math.random() * 200)
    await redis.run()
  },
  async () => {
    redis.signal('SIGSTOP')
    await pause(Math.random() * 1_500)
    redis.signal('SIGCONT')
  },
  async () => {
    const node = someNode()
    await node.kill()
    await node.start()
  },
  async () => {
    const node = someNode()
    node.signal('SIGSTOP')
    await pause(Math.random() * 1_500)
    node.signal('SIGCONT')
  },
  async () => {
    const node = someNode()
    const [, ,] = await Promise.all([redis.kill(), node.kill(), pause(50)])
    await redis.run()
    await node.start()
  },
]

/** Clients that write and read through any node, and note what they did and saw. */
class Clients {
  readonly history: Operation[] = []
  readonly delivered = new Map<string, number>()
  #isOver = false
  readonly #working: Promise<unknown>[]

  constructor() {
    this.#working = [
      ...Array.from({ length: WRITERS }, (_, i) => this.#write(`w${i}`)),
      ...Array.from({ length: PRODUCERS }, (_, i) => this.#produce(`p${i}`)),
      ...Array.from({ length: READERS }, () => this.#read()),
    ]
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#working)
  }

  /** Appends without a producer: what is not answered is never tried again. */
  async #write(name: string): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const message = `${name}-${i}`
      const began = performance.now()
      const status = await post(message, {})
      const ended = performance.now()
      this.history.push({ kind: 'append', message, began, ended: status === 204 ? ended : null })
      if (status !== 204) await pause(10)
    }
  }

  /** Repeats each message, at any node, until it is acknowledged. */
  async #produce(name: string): Promise<void> {
    for (let seq = 0; !this.#isOver; seq++) {
      const message = `${name}-${seq}`
      const began = performance.now()
      const headers = { 'producer-id': name, 'producer-epoch': '0', 'producer-seq': String(seq) }
      const isAcknowledged = await this.#postUntilAcknowledged(message, headers)
      this.history.push({ kind: 'append', message, began, ended: isAcknowledged ? performance.now() : null })
    }
  }

  /** False when the clients were stopped before. */
  async #postUntilAcknowledged(message: string, headers: Record<string, string>): Promise<boolean> {
    while (!this.#isOver) {
      const status = await post(message, headers)
      if (status === 200 || status === 204) return true
      await pause(10)
    }
    return false
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      const began = performance.now()
      const content = await readLog(someNode())
      if (content !== null) this.history.push({ kind: 'read', content, began, ended: performance.now() })
      await pause(content === null ? 10 : 60)
    }
  }
}

/** The status of an append at some node; 0 when there was no answer. */
async function post(message: string, headers: Record<string, string>): Promise<number> {
  try {
    const signal = AbortSignal.timeout(8_000)
    const response = await fetch(someNode().url, {
      method: 'POST',
      headers: { ...text, ...headers },
      body: `${message};`,
      signal,
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

/** The whole log as one node shows it; null when it does not. */
async function readLog(node: ServerNode): Promise<string[] | null> {
  let body = ''
  let offset = '-1'
  try {
    for (;;) {
      const response = await fetch(`${node.url}?offset=${offset}`, { signal: AbortSignal.timeout(8_000) })
      if (response.status !== 200) return null
      body += await response.text()
      if (response.headers.get('stream-up-to-date') === 'true') return body.split(';').slice(0, -1)
      offset = response.headers.get('stream-next-offset')!
    }
  } catch {
    return null
  }
}

test(
  'nothing acknowledged is lost, doubled or shown out of turn, whoever is paused or killed',
  async () => {
    expect((await fetch(nodes[0]!.url, { method: 'PUT', headers: text })).status).toBe(201)
    const clients = new Clients()
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      await pause(Math.random() * CYCLE_MS)
      await TROUBLES[cycle % TROUBLES.length]!()
    }
    await pause(CYCLE_MS)
    await clients.stop()
    let final: string[] | null = null
    while (final === null) final = await readLog(nodes[0]!)
    const { history } = clients
    const acknowledged = history.filter((one) => one.kind === 'append' && one.ended !== null).length
    console.log(
      `${CYCLES} cycles: ${acknowledged} appends acknowledged, ${history.length} operations, ${final.length} messages`,
    )
    expect(acknowledged).toBeGreaterThan(CYCLES)
    expect(checkLogHistory(history, final)).toBeNull()
  },
  60_000 + CYCLES * 15_000,
)
