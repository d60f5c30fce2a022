import type { LifeContext } from './life-workload.js'
import type { Planted } from './simulate-store.js'
import type { StreamEngine, StreamId, StreamPath, StreamStore } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { LifeModel } from './life-model.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedWorld } from './store-workload.js'
import { StoreError, StreamEngine as Engine, forkEntryKey } from '@ds/core'
import { engineEnvironment } from './engine-workload.js'
import { livePath, lookAt } from './life-workload.js'
import { simulatedRuntime } from './simulated-runtime.js'

const CYCLES = 5
const PATHS = ['a', 'b', 'a/c'].map((path) => [path, 'text/plain'] as const)
const JSON_PATHS = ['j', 'j/k', 'l'].map((path) => [path, 'application/json'] as const)
/** Longer than anything half done is left alone. */
const REST_MS = 40_000
const MAX_ROUNDS = 60

/**
 * One run of whole lives of streams, over several losses of power: forks of forks, deletion, expiry and creation
 * anew, closure, producers, `Stream-Seq`. At the end, what nobody holds any more must be gone.
 */
export async function simulateLives(seed: number, planted: Planted = {}): Promise<void> {
  const random = new Random(seed)
  const world = new SimulatedWorld()
  const kinds = random.chance(0.5) ? PATHS : JSON_PATHS
  const models = kinds.map(([path, contentType]) => new LifeModel(path as StreamPath, contentType))
  let disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity })
  for (let cycle = 0; cycle <= CYCLES; cycle++) {
    const isLast = cycle === CYCLES
    const rate = isLast ? 0 : random.pick([0, 0, 0.02])
    if (!isLast) disk.faults.crashAt = disk.calls + 1 + random.below(400)
    const life = liveOnce({ disk, random, world, models, planted, rate, isLast })
    await Promise.race([life, disk.crashed])
    if (disk.isDead) life.catch(() => undefined)
    else await life
    for (const model of models) model.endLife(world.time)
    disk.crash()
    disk = disk.afterCrash({ rate: 0, crashAt: Infinity })
    world.time += random.below(2) * random.below(REST_MS)
  }
}

interface OneLife {
  readonly disk: SimulatedDisk
  readonly random: Random
  readonly world: SimulatedWorld
  readonly models: readonly LifeModel[]
  readonly planted: Planted
  readonly rate: number
  readonly isLast: boolean
}

async function liveOnce({ disk, random, world, models, planted, rate, isLast }: OneLife): Promise<void> {
  const opened = await open(disk, random, world, planted)
  const store = planted.store?.(opened) ?? opened
  const engine = makeSweepingEngine(store, world)
  for (const model of models) model.beginLife(world.time)
  const context: LifeContext = { engine, models, random, world, life: disk }
  for (const model of models) await lookAt(context, model)
  disk.faults.rate = rate
  await Promise.all(models.map((model) => livePath(context, model, 6 + random.below(10))))
  if (isLast) {
    await settleEverything(store, world)
    for (const model of models) await lookAt(context, model)
    await verifyHolds(store)
  }
  await engine.close()
  await store.close()
}

/** The engine's sweeper at work in between; waiting takes some turns of the event loop. */
function makeSweepingEngine(store: StreamStore, world: SimulatedWorld): StreamEngine {
  const environment = {
    ...engineEnvironment(world),
    schedule: (_delay: number, run: () => void): (() => void) => {
      let isOff = false
      const wait = (turns: number): void =>
        void setImmediate(() => {
          if (isOff) return
          if (turns === 0) run()
          else wait(turns - 1)
        })
      wait(8)
      return () => (isOff = true)
    },
  }
  return new Engine({ store, environment, limits: { sweepIntervalMs: 1 } })
}

/** Lets time pass until the sweeper has nothing left to do. */
async function settleEverything(store: StreamStore, world: SimulatedWorld): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    world.time += REST_MS
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
    const paths = await store.list('', '', 100)
    const loaded = await Promise.all(paths.map(async (path) => store.load(path, [])))
    const isQuiet = loaded.every(
      (stream) =>
        stream === null || (stream.record.state !== 'removing' && stream.record.unsettledSince === null),
    )
    if (isQuiet && (await store.due(world.time, 10)).length === 0) return
  }
  throw new Error('something is left half done')
}

/** What is deleted is kept only for a fork that is there, and what a fork is bound to is kept. */
async function verifyHolds(store: StreamStore): Promise<void> {
  const held = new Set<StreamId>()
  const paths = await store.list('', '', 100)
  for (const path of paths) {
    const fork = await store.load(path, [])
    const origin = fork?.record.origin
    if (fork === null || origin === null || origin === undefined) continue
    held.add(origin.streamId)
    const key = forkEntryKey(fork.record.streamId)
    const source = await store.load(origin.path, [key])
    if (source?.record.streamId !== origin.streamId) throw new Error(`${path}: its source is gone`)
    if (source.entries.get(key) !== path) throw new Error(`${path}: its source does not know it`)
  }
  for (const path of paths) {
    const { record } = (await store.load(path, []))!
    if (record.state !== 'live' && !held.has(record.streamId))
      throw new Error(`${path}: it is kept, and nothing holds it`)
  }
}

async function open(
  disk: SimulatedDisk,
  random: Random,
  world: SimulatedWorld,
  planted: Planted,
): Promise<FileStore> {
  const runtime = simulatedRuntime(random, () => world.time)
  const checkpointBytes = random.pick([800, 5000, 1 << 20])
  const options = { checkpointBytes, preallocateBytes: 700, cachedStreams: random.pick([1, 100]) }
  for (;;) {
    try {
      return await FileStore.openOn(planted.fileSystem?.(disk) ?? disk, runtime, options)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
    }
  }
}
