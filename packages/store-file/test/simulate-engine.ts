import type { Life } from './store-workload.js'
import type { StreamPath } from '@ds/core'
import { EngineModel, makeEngine, produceAll, readContent } from './engine-workload.js'
import { FileStore } from '../src/file-store.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedWorld } from './store-workload.js'
import { StoreError } from '@ds/core'
import { simulatedRuntime } from './simulated-runtime.js'

const CYCLES = 4

/** One run through the engine: producers that repeat what was not answered, over several losses of power. */
export async function simulateEngine(seed: number): Promise<void> {
  const random = new Random(seed)
  const world = new SimulatedWorld()
  const models = ['one', 'two/deep'].map((path) => new EngineModel(path as StreamPath, 3))
  let disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity })
  for (let cycle = 0; cycle <= CYCLES; cycle++) {
    const isLast = cycle === CYCLES
    disk.faults.rate = isLast ? 0 : random.pick([0, 0, 0.02])
    disk.faults.crashAt = isLast ? Infinity : disk.calls + 1 + random.below(200)
    const life = liveOnce(disk, random, world, models)
    await Promise.race([life, disk.crashed])
    if (disk.isDead) life.catch(() => undefined)
    else await life
    disk.crash()
    disk = disk.afterCrash({ rate: 0, crashAt: Infinity })
    world.time += 1000
  }
}

async function liveOnce(
  disk: SimulatedDisk,
  random: Random,
  world: SimulatedWorld,
  models: readonly EngineModel[],
): Promise<void> {
  const store = await open(disk, random, world)
  const engine = makeEngine(store, world)
  const { rate } = disk.faults
  disk.faults.rate = 0
  for (const model of models) if (model.isCreated) await verify(engine, model, disk)
  disk.faults.rate = rate
  await Promise.all(models.map((model) => produceAll(engine, model, random, 15, disk)))
  await engine.close()
  await store.close()
}

async function verify(engine: ReturnType<typeof makeEngine>, model: EngineModel, life: Life): Promise<void> {
  const { text, closed } = await readContent(engine, model.path)
  if (life.isDead) return
  model.verify(text)
  if (model.isClosed && !closed) throw new Error(`${model.path}: it was closed and is open again`)
}

async function open(disk: SimulatedDisk, random: Random, world: SimulatedWorld): Promise<FileStore> {
  const runtime = simulatedRuntime(random, () => world.time)
  const options = { checkpointBytes: random.pick([800, 5000, 1 << 20]), preallocateBytes: 700 }
  for (;;) {
    try {
      return await FileStore.openOn(disk, runtime, options)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
    }
  }
}
