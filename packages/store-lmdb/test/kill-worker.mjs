import { LmdbStore } from '@ds/store-lmdb'
import { NEVER, StreamEngine } from '@ds/core'
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'

/**
 * A process that is killed: sixteen producers append to some streams as fast as they can, each from the number that
 * it is given, while another stream comes and goes. It prints a line for every message that was acknowledged.
 */
const [directory, numbers] = process.argv.slice(2)
const next = JSON.parse(numbers)
const STREAMS = 4

const engine = new StreamEngine({
  store: await LmdbStore.open(directory),
  environment: {
    now: () => Date.now(),
    schedule: (delay, run) => {
      const timer = setTimeout(run, delay)
      return () => clearTimeout(timer)
    },
    defer: (run) => void setImmediate(run),
    newStreamId: () => `1${randomBytes(8).toString('hex').slice(1)}`,
  },
})
const config = { contentType: 'text/plain', expiry: NEVER, closed: false, fork: null, body: Buffer.alloc(0) }
for (let i = 0; i < STREAMS; i++) await engine.create(`killed/${i}`, config)
writeSync(1, 'ready\n')
await Promise.all([...next.keys()].map(produce).concat(comeAndGo()))

async function produce(producer) {
  for (;;) {
    const seq = next[producer]
    const { kind } = await engine.append(`killed/${producer % STREAMS}`, {
      contentType: 'text/plain',
      body: Buffer.from(`p${producer}-${seq};`),
      close: false,
      producer: { id: `p${producer}`, epoch: 0, seq },
      streamSeq: null,
    })
    if (kind !== 'appended' && kind !== 'duplicate') throw new Error(kind)
    next[producer] = seq + 1
    // Written at once: what is in a buffer of this process dies with it.
    writeSync(1, `${producer} ${seq}\n`)
  }
}

async function comeAndGo() {
  for (;;) {
    await engine.create('passing', { ...config, body: Buffer.alloc(200_000) })
    await engine.delete('passing')
  }
}
