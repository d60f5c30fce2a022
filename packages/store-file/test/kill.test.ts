import { EngineModel, makeEngine, readContent } from './engine-workload.js'
import { FileStore } from '../src/file-store.js'
import { Random } from './random.js'
import { SimulatedWorld } from './store-workload.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tmpdir } from 'node:os'
import type { StreamPath } from '@ds/core'

const CYCLES = Number(process.env['DS_KILL_CYCLES'] ?? 15)
const PRODUCERS = 16
const STREAMS = 4
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(PACKAGE, 'node_modules', `.kill-test-${process.pid}`)
const directory = mkdtempSync(join(tmpdir(), 'ds-kill-'))

beforeAll(async () => {
  const tsup = join(PACKAGE, '..', '..', 'node_modules', '.bin', 'tsup')
  const options = ['--format', 'esm', '--no-config', '--target', 'es2022', '-d', BUILT]
  await promisify(execFile)(tsup, ['test/kill-worker.ts', ...options], { cwd: PACKAGE })
}, 60_000)

afterAll(() => {
  rmSync(directory, { recursive: true })
  rmSync(BUILT, { recursive: true, force: true })
})

test(
  'kill -9 under load loses no acknowledged message, and repeats none',
  async () => {
    const random = new Random(Date.now())
    const next = new Array<number>(PRODUCERS).fill(0)
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      await produceUntilKilled(next, 20 + random.below(300))
      if (random.chance(0.3)) addGarbage(random)
      await verify(next)
    }
    expect(next.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(CYCLES)
  },
  60_000 + CYCLES * 5_000,
)

/** Lets a process write until it is killed; notes what it was told. */
function produceUntilKilled(next: number[], afterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(BUILT, 'kill-worker.js'), directory, JSON.stringify(next)])
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself: ${errors}`))
      // The last line may be cut off.
      for (const line of output.split('\n').slice(1, -1)) {
        const [producer, seq] = line.split(' ').map(Number) as [number, number]
        next[producer] = seq + 1
      }
      resolve()
    })
  })
}

/** What a process was just writing when it was killed may be anything. */
function addGarbage(random: Random): void {
  const name = readdirSync(join(directory, 'journal')).sort().at(-1)!
  const file = join(directory, 'journal', name)
  // Room taken in advance is cut off first, or the garbage would be far behind the last record.
  const end = statSync(file).size
  if (random.chance(0.5)) truncateSync(file, end + random.below(100))
  appendFileSync(file, Buffer.from(Array.from({ length: 1 + random.below(2000) }, () => random.below(256))))
}

async function verify(next: number[]): Promise<void> {
  const store = await FileStore.open(directory)
  expect(store.damage).toEqual([])
  const engine = makeEngine(store, new SimulatedWorld())
  for (let stream = 0; stream < STREAMS; stream++) {
    const path = `killed/${stream}` as StreamPath
    const model = new EngineModel(path, 0)
    for (let producer = stream; producer < PRODUCERS; producer += STREAMS) {
      model.producers.push({ id: `p${producer}`, next: next[producer]! })
    }
    const { text } = await readContent(engine, path)
    model.verify(text)
    // One attempt of each producer may have been committed without anybody hearing of it.
    for (const { id } of model.producers) {
      const found = text.split(';').filter((message) => message.startsWith(`${id}-`)).length
      next[Number(id.slice(1))] = found
    }
  }
  await engine.close()
  await store.close()
}
