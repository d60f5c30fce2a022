import { FileStore } from '../src/file-store.js'
import { NEVER, StreamEngine } from '@ds/core'
import type { StreamId, StreamPath } from '@ds/core'
import { randomBytes } from 'node:crypto'

/**
 * A process that is killed: sixteen producers append to some streams as fast as they can, and it prints a line for
 * every message that was acknowledged. It starts from the numbers that it is given.
 */
const [directory, numbers] = process.argv.slice(2) as [string, string]
const next = JSON.parse(numbers) as number[]
const STREAMS = 4

const store = await FileStore.open(directory, { checkpointBytes: 64 << 10 })
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
for (let i = 0; i < STREAMS; i++) {
  const body = new Uint8Array(0)
  await engine.create(pathOf(i), {
    contentType: 'text/plain',
    expiry: NEVER,
    closed: false,
    fork: null,
    body,
  })
}
process.stdout.write('ready\n')
await Promise.all(next.map((_, producer) => produce(producer)))

async function produce(producer: number): Promise<void> {
  for (;;) {
    const seq = next[producer]!
    const outcome = await engine.append(pathOf(producer % STREAMS), {
      contentType: 'text/plain',
      body: Buffer.from(`p${producer}-${seq};`),
      close: false,
      producer: { id: `p${producer}`, epoch: 0, seq },
      streamSeq: null,
    })
    if (outcome.kind !== 'appended' && outcome.kind !== 'duplicate') throw new Error(outcome.kind)
    next[producer] = seq + 1
    process.stdout.write(`${producer} ${seq}\n`)
  }
}

function pathOf(index: number): StreamPath {
  return `killed/${index}` as StreamPath
}
