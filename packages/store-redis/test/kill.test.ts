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
/** After so many cycles one line tells how far it has got. */
const REPORT_EVERY = 25
/** Readers go on from one of the last places that they have reached, so that what they read stays as much. */
const PLACES = 8
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
  // Logs are rewritten often, so that starting takes as long after many cycles, and is tested with what that leaves.
  const log = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-min-size', '4mb']
  redis = await RedisServer.start(...log)
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
    const places: Place[] = [{ offset: '-1', messages: 0 }]
    while (!this.#isOver) {
      const began = performance.now()
      const { offset, messages: from } = places[Math.floor(Math.random() * places.length)]!
      const seen = await readLog(someNode(), offset)
      if (seen !== null) {
        const { content } = seen
        this.history.push({ kind: 'read', from, content, began, ended: performance.now() })
        places.push({ offset: seen.offset, messages: from + content.length })
        if (places.length > PLACES) places.shift()
      }
      await pause(seen === null ? 10 : 60)
    }
  }

  /** What there is to say after so many cycles. */
  describe(cycles: number): string {
    const acknowledged = this.history.filter((one) => one.kind === 'append' && one.ended !== null).length
    return `${cycles} cycles: ${acknowledged} appends acknowledged, ${this.history.length} operations`
  }
}

/** Up to where a reader has read. */
interface Place {
  readonly offset: string
  /** How many messages are before it. */
  readonly messages: number
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

/** The log from an offset to its end as one node shows it, and where that is; null when it does not. */
async function readLog(
  node: ServerNode,
  from: string,
): Promise<{ readonly content: string[]; readonly offset: string } | null> {
  let body = ''
  let offset = from
  try {
    for (;;) {
      const response = await fetch(`${node.url}?offset=${offset}`, { signal: AbortSignal.timeout(8_000) })
      if (response.status !== 200) return null
      body += await response.text()
      offset = response.headers.get('stream-next-offset')!
      if (response.headers.get('stream-up-to-date') === 'true')
        return { content: body.split(';').slice(0, -1), offset }
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
      if (cycle > 0 && cycle % REPORT_EVERY === 0) console.log(clients.describe(cycle))
      await pause(Math.random() * CYCLE_MS)
      await TROUBLES[cycle % TROUBLES.length]!()
    }
    await pause(CYCLE_MS)
    await clients.stop()
    const finals = await Promise.all(nodes.map(insistOnLog))
    const final = finals[0]!
    console.log(`${clients.describe(CYCLES)}, ${final.length} messages`)
    for (const other of finals) expect(other.join() === final.join()).toBe(true)
    const acknowledged = clients.history.filter((one) => one.kind === 'append' && one.ended !== null)
    expect(acknowledged.length).toBeGreaterThan(CYCLES)
    expect(checkLogHistory(clients.history, final)).toBeNull()
  },
  60_000 + CYCLES * 15_000,
)

/** The whole log as a node shows it, sooner or later. */
async function insistOnLog(node: ServerNode): Promise<string[]> {
  for (;;) {
    const seen = await readLog(node, '-1')
    if (seen !== null) return seen.content
    await pause(50)
  }
}
