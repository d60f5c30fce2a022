import { FileStore } from '../src/file-store.js'
import { NEVER, StreamEngine } from '@ds/core'
import type { StreamId, StreamPath } from '@ds/core'
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'

/**
 * A process that is killed: sixteen producers append to some streams as fast as they can, each from a number that
 * it is given, and every now and then it writes and closes a stream of its own. It prints a line for everything
 * that was acknowledged.
 */
const [directory, numbers, durability, life] = process.argv.slice(2) as [
  string,
  string,
  'fsync' | 'os',
  string,
]
const next = JSON.parse(numbers) as number[]
const STREAMS = 4

const store = await FileStore.open(directory, { checkpointBytes: 64 << 10, durability })
const engine = new StreamEngine({
  store,
  environment: {
    now: () => Date.now(),
    schedule: (delay, run) => {
      const timer = setTimeout(run, delay)
      return () => clearTimeout(timer)
    },
    defer: (run) => void setImmediate(run),
    newStreamId: () => `1${randomBytes(8).toString('hex').slice(1)}` as StreamId,
  },
})
for (let i = 0; i < STREAMS; i++) await create(`killed/${i}`)
tell('ready')
await Promise.all([...next.map((_, producer) => produce(producer)), closeStreams()])

/** At once, so that nothing that was acknowledged is still on its way when the process ends. */
function tell(line: string): void {
  writeSync(1, `${line}\n`)
}

async function create(path: string): Promise<void> {
  const body = new Uint8Array(0)
  const request = { contentType: 'text/plain', expiry: NEVER, closed: false, fork: null, body }
  await engine.create(path as StreamPath, request)
}

async function produce(producer: number): Promise<void> {
  for (;;) {
    const seq = next[producer]!
    const outcome = await engine.append(`killed/${producer % STREAMS}` as StreamPath, {
      contentType: 'text/plain',
      body: Buffer.from(`p${producer}-${seq};`),
      close: false,
      producer: { id: `p${producer}`, epoch: 0, seq },
      streamSeq: null,
    })
    if (outcome.kind !== 'appended' && outcome.kind !== 'duplicate') throw new Error(outcome.kind)
    next[producer] = seq + 1
    tell(`message ${producer} ${seq} ${outcome.tail}`)
  }
}

/** Streams whose last message closes them. */
async function closeStreams(): Promise<void> {
  for (let i = 0; ; i++) {
    const path = `closed/${life}-${i}`
    await create(path)
    const request = { contentType: 'text/plain', producer: null, streamSeq: null }
    await engine.append(path as StreamPath, { ...request, body: Buffer.from('begin;'), close: false })
    await engine.append(path as StreamPath, { ...request, body: Buffer.from('end;'), close: true })
    tell(`closed ${path}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
