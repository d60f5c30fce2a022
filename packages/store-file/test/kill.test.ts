import type { OffsetRequest, StreamEngine, StreamPath } from '@ds/core'
import { Acknowledged, STREAMS, writeUntilKilled } from './killed-process.js'
import { EngineModel, makeEngine, readContent } from './engine-workload.js'
import { FileStore } from '../src/file-store.js'
import { Random } from './random.js'
import { SimulatedWorld } from './store-workload.js'
import { StoreError, StreamFault, parseOffset } from '@ds/core'
import { addGarbage, cutTail, flipByte } from './damaged-directory.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tmpdir } from 'node:os'

const CYCLES = Number(process.env['DS_KILL_CYCLES'] ?? 50)
/** A directory is begun anew after so many cycles, so that looking at all of it stays quick. */
const CYCLES_PER_DIRECTORY = 25
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(PACKAGE, 'node_modules', `.kill-test-${process.pid}`)
const parent = mkdtempSync(join(tmpdir(), 'ds-kill-'))

beforeAll(async () => {
  const tsup = join(PACKAGE, '..', '..', 'node_modules', '.bin', 'tsup')
  const options = ['--format', 'esm', '--no-config', '--target', 'es2022', '-d', BUILT]
  await promisify(execFile)(tsup, ['test/kill-worker.ts', ...options], { cwd: PACKAGE })
}, 60_000)

afterAll(() => {
  rmSync(parent, { recursive: true })
  rmSync(BUILT, { recursive: true, force: true })
})

test(
  'kill -9 under load, with a torn or damaged journal after it, loses nothing that was acknowledged, and repeats nothing',
  async () => {
    const random = new Random(Date.now())
    let told = new Acknowledged()
    let messages = 0
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      if (cycle % CYCLES_PER_DIRECTORY === 0) told = new Acknowledged()
      const directory = join(parent, String(Math.floor(cycle / CYCLES_PER_DIRECTORY)))
      const durability = random.pick(['fsync', 'fsync', 'os'])
      const worker = [join(BUILT, 'kill-worker.js'), directory, JSON.stringify(told.next), durability]
      await writeUntilKilled([...worker, String(cycle)], told, 5 + random.below(150))
      if (random.chance(0.4)) await verifyDamaged(directory, told, random)
      const after = random.pick(['nothing', 'garbage', 'cut'])
      if (after === 'garbage') await addGarbage(directory, random)
      if (after === 'cut') await cutTail(directory, told, random)
      messages += await verify(directory, told)
    }
    expect(messages).toBeGreaterThan(CYCLES)
  },
  60_000 + CYCLES * 5_000,
)

/** Everything that was acknowledged is there, once and in order; closed streams are closed; offsets hold. */
async function verify(directory: string, told: Acknowledged): Promise<number> {
  const store = await FileStore.open(directory)
  expect(store.damage).toEqual([])
  const engine = makeEngine(store, new SimulatedWorld())
  let messages = 0
  for (let stream = 0; stream < STREAMS; stream++) {
    const text = await verifyStream(engine, stream, told, true)
    for (const { offset } of told.offsets.filter((noted) => noted.stream === stream))
      await verifyOffset(engine, stream, offset, text)
    messages += text.split(';').length - 1
    // One attempt of each producer may have been committed without anybody hearing of it.
    for (let producer = stream; producer < told.next.length; producer += STREAMS)
      told.next[producer] = text.split(';').filter((message) => message.startsWith(`p${producer}-`)).length
  }
  for (const path of told.closed)
    expect(await readContent(engine, path as StreamPath)).toEqual({ text: 'begin;end;', closed: true })
  await engine.close()
  await store.close()
  return messages
}

async function verifyStream(
  engine: StreamEngine,
  stream: number,
  { next }: Acknowledged,
  isWhole: boolean,
): Promise<string> {
  const model = new EngineModel(`killed/${stream}` as StreamPath, 0)
  const { text } = await readContent(engine, model.path)
  for (let producer = stream; producer < next.length; producer += STREAMS) {
    const found = text.split(';').filter((message) => message.startsWith(`p${producer}-`)).length
    // Of what is damaged there may be less, but nothing else.
    model.producers.push({
      id: `p${producer}`,
      next: isWhole ? next[producer]! : Math.min(found, next[producer]!),
    })
  }
  model.verify(text)
  return text
}

async function verifyOffset(
  engine: StreamEngine,
  stream: number,
  token: string,
  text: string,
): Promise<void> {
  const point = parseOffset(token)!
  const offset: OffsetRequest = { kind: 'point', point }
  const page = await engine.read(`killed/${stream}` as StreamPath, offset)
  if (page.kind !== 'page') throw new Error(`killed/${stream}: ${page.kind} at ${token}`)
  expect(text.slice(point.position)).toBe(Buffer.concat(page.pieces).toString() + text.slice(page.to))
}

/** In a copy, a changed byte is never served; what it takes away is missed with an error, not in silence. */
async function verifyDamaged(directory: string, told: Acknowledged, random: Random): Promise<void> {
  const copy = `${directory}-damaged`
  cpSync(directory, copy, { recursive: true })
  for (const name of readdirSync(copy)) if (name.startsWith('LOCK.')) rmSync(join(copy, name))
  const flipped = await flipByte(copy, random)
  try {
    const store = await FileStore.open(copy)
    const engine = makeEngine(store, new SimulatedWorld())
    const mayMiss = new Set(store.damage.map(({ path }) => path))
    for (let stream = 0; stream < STREAMS; stream++) {
      const isNamed = mayMiss.has(null) || mayMiss.has(`killed/${stream}`)
      await verifyStream(engine, stream, told, !isNamed).catch(onlyCorrupt)
    }
    if (flipped?.startsWith('last journal') === true) expect(store.damage, flipped).not.toEqual([])
    await engine.close()
    await store.close()
  } catch (error) {
    onlyCorrupt(error)
  } finally {
    rmSync(copy, { recursive: true })
  }
}

function onlyCorrupt(error: unknown): void {
  const isCorrupt =
    (error instanceof StoreError && error.code === 'corrupt') ||
    (error instanceof StreamFault && error.code === 'storage-corrupt')
  if (!isCorrupt) throw error
}
