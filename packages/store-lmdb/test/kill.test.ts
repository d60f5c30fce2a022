import { LmdbStore } from '../src/lmdb-store.js'
import { afterAll, expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import type { StreamPath } from '@ds/core'

const CYCLES = Number(process.env['DS_KILL_CYCLES'] ?? 6)
const PRODUCERS = 16
const STREAMS = 4
const WORKER = fileURLToPath(new URL('kill-worker.mjs', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'ds-lmdb-kill-'))

afterAll(() => rmSync(directory, { recursive: true }))

test(
  'kill -9 under load loses no acknowledged message, repeats none, and tears none from its producer',
  async () => {
    const next = new Array<number>(PRODUCERS).fill(0)
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      await produceUntilKilled(next, 20 + Math.random() * 300)
      await verify(next)
    }
    expect(next.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(CYCLES)
  },
  60_000 + CYCLES * 5_000,
)

/** Lets a process write until it is killed; notes what it was told. */
function produceUntilKilled(next: number[], afterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WORKER, directory, JSON.stringify(next)])
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself: ${errors}`))
      for (const line of output.split('\n').slice(1, -1)) {
        const [producer, seq] = line.split(' ').map(Number) as [number, number]
        next[producer] = seq + 1
      }
      resolve()
    })
  })
}

/** Compares what is there with what was acknowledged, and takes note of what was not heard of. */
async function verify(next: number[]): Promise<void> {
  const store = await LmdbStore.open(directory)
  for (let stream = 0; stream < STREAMS; stream++) {
    const path = `killed/${stream}` as StreamPath
    const producers = next.map((_, i) => i).filter((i) => i % STREAMS === stream)
    const { record, entries } = store.load(
      path,
      producers.map((i) => `p:p${i}`),
    )!
    const bytes: Uint8Array[] = []
    for (let at = 0; at < record.tail; at += bytes.at(-1)!.length) {
      bytes.push(Buffer.concat([...store.read(path, record.streamId, at, 10_000)!]))
    }
    const messages = Buffer.concat(bytes).toString().split(';').slice(0, -1)
    for (const producer of producers) {
      const own = messages.filter((message) => message.startsWith(`p${producer}-`))
      expect(own).toEqual(own.map((_, seq) => `p${producer}-${seq}`))
      expect([next[producer], next[producer]! + 1]).toContain(own.length)
      expect(entries.get(`p:p${producer}`)).toBe(own.length === 0 ? undefined : `0:${own.length - 1}`)
      next[producer] = own.length
    }
    expect(messages).toHaveLength(producers.reduce((sum, producer) => sum + next[producer]!, 0))
  }
  await store.close()
}
