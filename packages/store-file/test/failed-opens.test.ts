import type { StreamPath } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { PathModel } from './store-model.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedWorld, writeStream } from './store-workload.js'
import { StoreError } from '@ds/core'
import { expect, test } from 'vitest'
import { simulatedRuntime } from './simulated-runtime.js'

const OPTIONS = { checkpointBytes: 2_000, checkpointStreams: 4, preallocateBytes: 500, cachedStreams: 1 }
const PATHS = ['a', 'b', 'c'] as StreamPath[]
const STEPS = 25
const TIMEOUT_MS = 60_000

test(
  'a process that has too many files open loses nothing, whichever file it was that could not be opened',
  async () => {
    let opened = Infinity
    let at = 1
    for (; at <= opened; at++) opened = await liveWithFailedOpen(at)
    // The journal, its room, checkpoints, tables, segments, and opening again.
    expect(at).toBeGreaterThan(40)
  },
  TIMEOUT_MS,
)

/** A life in which one attempt to open a file fails, and a look at everything; returns how many there were. */
async function liveWithFailedOpen(failAt: number): Promise<number> {
  const random = new Random(7)
  const world = new SimulatedWorld()
  const models = PATHS.map((path) => new PathModel(path))
  const disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity, failOpenAt: failAt })
  for (let life = 0; life < 2; life++) {
    const store = await openTwice(disk, random, world)
    for (const model of models) await model.verify(store).catch(rethrowUnlessFileLimit)
    await Promise.all(models.map((model) => writeStream(store, model, random, world, STEPS, disk)))
    await store.close()
  }
  disk.faults.failOpenAt = Infinity
  const store = await openTwice(disk, random, world)
  for (const model of models) await model.verify(store)
  expect(store.damage).toEqual([])
  await store.close()
  return disk.opens
}

async function openTwice(disk: SimulatedDisk, random: Random, world: SimulatedWorld): Promise<FileStore> {
  const runtime = simulatedRuntime(random, () => world.time)
  try {
    return await FileStore.openOn(disk, runtime, OPTIONS)
  } catch (error) {
    rethrowUnlessFileLimit(error)
    return FileStore.openOn(disk, runtime, OPTIONS)
  }
}

function rethrowUnlessFileLimit(error: unknown): void {
  if (!(error instanceof StoreError) || error.code !== 'unavailable') throw error
}
