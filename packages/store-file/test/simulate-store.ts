import type { FileStoreOptions } from '../src/options.js'
import type { FileSystem } from '../src/file-system.js'
import type { StreamPath, StreamStore } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { PathModel } from './store-model.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedWorld, observeStream, writeStream } from './store-workload.js'
import { StoreError } from '@ds/core'
import { simulatedRuntime } from './simulated-runtime.js'

/** Bugs that a test plants, to see that the simulation finds them. */
export interface Planted {
  readonly fileSystem?: (disk: FileSystem) => FileSystem
  readonly store?: (store: StreamStore) => StreamStore
}

const PATHS = ['a', 'a/b', 'b', '\u{1F600}', '\uFB01'] as StreamPath[]
const CYCLES = 4
const FAR_FUTURE = 4_000_000_000_000
const MAX_OPENINGS = 12

/** One run: some lives of a store, each ended by a loss of power or by closing, and a last look at everything. */
export async function simulateStore(seed: number, planted: Planted = {}): Promise<void> {
  const random = new Random(seed)
  const world = new SimulatedWorld()
  const models = PATHS.map((path) => new PathModel(path))
  const options: FileStoreOptions = {
    checkpointBytes: random.pick([600, 3000, 10_000, 1 << 20]),
    checkpointStreams: random.pick([2, 100]),
    cachedStreams: random.pick([1, 100]),
    preallocateBytes: random.pick([1, 700, 4096]),
    batchBytes: random.pick([1, 5000]),
    durability: random.pick(['fsync', 'fsync', 'fsync', 'os']),
  }
  const lost = options.durability === 'os' ? 'process' : 'power'
  let disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity })
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    disk.faults.rate = random.pick([0, 0, 0.01, 0.05])
    disk.faults.crashAt = random.chance(0.9) ? disk.calls + 1 + random.below(300) : Infinity
    const life = liveOnce(disk, random, world, models, options, planted)
    await Promise.race([life, disk.crashed])
    // What the dead process still has in hand must not stop the run.
    if (disk.isDead) life.catch(() => undefined)
    else await life
    disk.crash()
    disk = disk.afterCrash({ rate: 0, crashAt: Infinity }, lost)
  }
  const store = await openPlanted(disk, random, world, options, planted)
  for (const model of models) await model.verify(store)
  await verifyDue(store, models)
  await store.close()
}

/** In the far future every stream with a window is due, wherever it is kept, and no other. */
async function verifyDue(store: StreamStore, models: readonly PathModel[]): Promise<void> {
  const expiring = models
    .filter(({ certain }) => certain?.record.expiry.kind === 'ttl')
    .map(({ path }) => path)
  const due = await store.due(FAR_FUTURE, 100)
  if ([...due].sort().join() !== expiring.sort().join()) {
    throw new Error(`due are ${due.join()}, and should be ${expiring.join()}`)
  }
}

async function liveOnce(
  disk: SimulatedDisk,
  random: Random,
  world: SimulatedWorld,
  models: readonly PathModel[],
  options: FileStoreOptions,
  planted: Planted,
): Promise<void> {
  const store = await openStubbornly(disk, random, world, options, planted)
  const { rate } = disk.faults
  disk.faults.rate = 0
  for (const model of models) await model.verify(store)
  disk.faults.rate = rate
  const steps = 5 + random.below(20)
  await Promise.all(
    models.flatMap((model) => [
      writeStream(store, model, random, world, steps, disk),
      observeStream(store, model, random, steps, disk),
    ]),
  )
  if (random.chance(0.5)) await store.close()
}

/** While the disk fails, the store cannot be opened; that must harm nothing. */
async function openStubbornly(
  disk: SimulatedDisk,
  random: Random,
  world: SimulatedWorld,
  options: FileStoreOptions,
  planted: Planted,
): Promise<StreamStore> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openPlanted(disk, random, world, options, planted)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
      if (attempt === MAX_OPENINGS) disk.faults.rate = 0
    }
  }
}

async function openPlanted(
  disk: SimulatedDisk,
  random: Random,
  world: SimulatedWorld,
  options: FileStoreOptions,
  planted: Planted,
): Promise<StreamStore> {
  const runtime = simulatedRuntime(random, () => world.time)
  const store = await FileStore.openOn(planted.fileSystem?.(disk) ?? disk, runtime, options)
  if (store.damage.length > 0) throw new Error(`reported as damaged: ${JSON.stringify(store.damage)}`)
  return planted.store?.(store) ?? store
}
