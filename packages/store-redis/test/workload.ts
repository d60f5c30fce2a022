import type { Environment, StreamId, StreamPath, StreamStore } from '@ds/core'
import type { Operation } from './log-history.js'
import type { RedisStoreOptions } from '../src/options.js'
import type { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { StreamEngine, StreamFault } from '@ds/core'
import { TcpProxy } from './tcp-proxy.js'
import { checkLogHistory } from './log-history.js'
import { randomBytes } from 'node:crypto'

/** A mistake to be made by every node of a workload. */
export interface Planted {
  /** Between the store and Redis. */
  readonly connect?: RedisStoreOptions['connect']
  /** Between the engine and the store. */
  readonly store?: (store: StreamStore) => StreamStore
}

const NODES = 2
const WRITERS = 3
const PRODUCERS = 3
const OPERATIONS = 25
const LOST_ANSWERS = 0.04

const path = 'log' as StreamPath

const environment: Environment = {
  now: () => Date.now(),
  schedule: (delay, run) => {
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  },
  defer: (run) => void setImmediate(run),
  newStreamId: () => `1${randomBytes(8).toString('hex').slice(1)}` as StreamId,
}

/** What a client is told of its append, and where its message ends if that is said. */
interface Answer {
  readonly kind: 'done' | 'failed' | 'unknown'
  readonly end?: number
}

let runs = 0

/**
 * Clients of two nodes write to one stream and read it, while connections break before answers arrive. Returns what is
 * wrong with what they were told, or null.
 */
export async function runWorkload(redis: RedisServer, planted: Planted = {}): Promise<string | null> {
  const keyPrefix = `run${++runs}:`
  const proxies: TcpProxy[] = []
  const stores: StreamStore[] = []
  for (let i = 0; i < NODES; i++) {
    const proxy = await TcpProxy.start(redis.port)
    proxies.push(proxy)
    const { connect } = planted
    const options = { url: proxy.url, keyPrefix, quarantineMs: 0, commandTimeoutMs: 1_000 }
    stores.push(await RedisStore.open({ ...options, ...(connect === undefined ? {} : { connect }) }))
  }
  const engines = stores.map(
    (store) =>
      new StreamEngine({
        store: planted.store?.(store) ?? store,
        environment,
        limits: { sweepIntervalMs: 0 },
      }),
  )
  const history: Operation[] = []
  const someEngine = (): StreamEngine => engines[Math.floor(Math.random() * NODES)]!
  await append(someEngine(), null, null)
  for (const proxy of proxies) proxy.onReply = () => Math.random() >= LOST_ANSWERS
  await Promise.all([
    ...Array.from({ length: WRITERS }, (_, i) => write(someEngine, `w${i}`, history)),
    ...Array.from({ length: PRODUCERS }, (_, i) => produce(someEngine, `p${i}`, history)),
    read(someEngine, history),
  ])
  for (const proxy of proxies) proxy.onReply = () => true
  const final = await insist(() => readLog(engines[0]!))
  for (const engine of engines) await engine.close()
  for (const store of stores) await store.close()
  for (const proxy of proxies) await proxy.stop()
  return checkLogHistory(history, final)
}

/** Creates the stream when there is no message. */
async function append(
  engine: StreamEngine,
  message: string | null,
  producer: { id: string; seq: number } | null,
): Promise<Answer> {
  try {
    if (message === null) {
      const body = new Uint8Array(0)
      await engine.create(path, { contentType: 'text/plain', expiry: null, closed: false, fork: null, body })
      return { kind: 'done' }
    }
    const outcome = await engine.append(path, {
      contentType: 'text/plain',
      body: Buffer.from(`${message};`),
      close: false,
      producer: producer === null ? null : { ...producer, epoch: 0 },
      streamSeq: null,
    })
    if (outcome.kind !== 'appended' && outcome.kind !== 'duplicate') throw new Error(outcome.kind)
    return {
      kind: 'done',
      ...(outcome.kind === 'appended' ? { end: Number.parseInt(outcome.tail, 10) } : {}),
    }
  } catch (error) {
    if (error instanceof StreamFault) return { kind: error.code === 'outcome-unknown' ? 'unknown' : 'failed' }
    throw error
  }
}

async function write(someEngine: () => StreamEngine, name: string, history: Operation[]): Promise<void> {
  for (let i = 0; i < OPERATIONS; i++) {
    const message = `${name}-${i}`
    const began = performance.now()
    const { kind, ...place } = await append(someEngine(), message, null)
    const ended = kind === 'done' ? performance.now() : null
    history.push({ kind: 'append', message, began, ended, hasFailed: kind === 'failed', ...place })
  }
}

async function produce(someEngine: () => StreamEngine, name: string, history: Operation[]): Promise<void> {
  for (let seq = 0; seq < OPERATIONS; seq++) {
    const message = `${name}-${seq}`
    const began = performance.now()
    let answer: Answer
    while ((answer = await append(someEngine(), message, { id: name, seq })).kind !== 'done') await pause()
    const { end } = answer
    history.push({
      kind: 'append',
      message,
      began,
      ended: performance.now(),
      ...(end === undefined ? {} : { end }),
    })
  }
}

async function read(someEngine: () => StreamEngine, history: Operation[]): Promise<void> {
  for (let i = 0; i < OPERATIONS; i++) {
    const began = performance.now()
    const content = await readLog(someEngine()).catch(() => null)
    if (content !== null) history.push({ kind: 'read', content, began, ended: performance.now() })
    await pause()
  }
}

async function readLog(engine: StreamEngine): Promise<string[]> {
  const page = await engine.read(path, null)
  if (page.kind !== 'page' || !page.upToDate) throw new Error(`${page.kind} instead of the whole`)
  return Buffer.concat([...page.pieces])
    .toString()
    .split(';')
    .slice(0, -1)
}

async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error
      await pause()
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
