import type { Expiry, LoadedStream, StreamChange, StreamId, StreamRecord, StreamStore } from '@ds/core'
import type { PathModel } from './store-model.js'
import type { Random } from './random.js'
import { ENTRY_KEYS, readAll } from './store-model.js'
import { NEVER, StoreError, comparePaths, isPromise } from '@ds/core'
import { recordOf } from './changes.js'

const START_TIME = 1_800_000_000_000

/** Time and names of one run. */
export class SimulatedWorld {
  time: number = START_TIME
  #names = 0

  newName(): string {
    return String(++this.#names)
  }

  newStreamId(): StreamId {
    return `1${this.newName().padStart(15, '0')}` as StreamId
  }
}

/** The process that a workload runs in: what it does after its end does not count. */
export interface Life {
  readonly isDead: boolean
}

/** Changes one stream again and again, and compares what the store says with the model. */
export async function writeStream(
  store: StreamStore,
  model: PathModel,
  random: Random,
  world: SimulatedWorld,
  steps: number,
  life: Life,
): Promise<void> {
  for (let step = 0; step < steps && !life.isDead; step++) {
    world.time += random.below(50)
    const dice = random.next()
    try {
      if (dice < 0.12) await lookAround(store, model, random)
      else if (dice < 0.18) await touchStream(store, model, world)
      else await changeStream(store, model, random, world)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
    }
  }
}

/** Looks at a stream while others change it. */
export async function observeStream(
  store: StreamStore,
  model: PathModel,
  random: Random,
  steps: number,
  life: Life,
): Promise<void> {
  for (let step = 0; step < steps; step++) {
    for (let turns = random.below(8); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve))
    if (life.isDead) return
    await observeOnce(store, model)
  }
}

/** What comes from memory is compared at once; what comes from the disk may be older when it comes. */
async function observeOnce(store: StreamStore, model: PathModel): Promise<void> {
  try {
    const loaded = store.load(model.path, ENTRY_KEYS)
    if (isPromise(loaded)) await loaded
    else model.observe(loaded)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'corrupt') throw error
  }
}

async function changeStream(
  store: StreamStore,
  model: PathModel,
  random: Random,
  world: SimulatedWorld,
): Promise<void> {
  const loaded = await store.load(model.path, ENTRY_KEYS)
  model.observe(loaded)
  const change = makeChange(loaded, random, world)
  if (change === null) return
  const isStale = loaded !== null && random.chance(0.05)
  model.begin(change)
  let isOpen = true
  try {
    const result = await store.commit(model.path, isStale ? 'stale' : (loaded?.version ?? null), change)
    if (result.kind === 'committed' && !isStale) model.committed(result.version)
    else if (result.kind === 'conflict' && isStale) model.failed()
    else if (result.kind !== 'unknown') throw new Error(`${model.path}: ${result.kind} out of place`)
    isOpen = false
  } finally {
    if (isOpen) model.failed()
  }
}

function makeChange(loaded: LoadedStream | null, random: Random, world: SimulatedWorld): StreamChange | null {
  const commitId = `c${world.newName()}`
  const dice = random.next()
  const removal = { commitId, record: null, bytes: [], entries: new Map<string, string>() }
  if (loaded !== null && dice < 0.08) return { ...removal, touchedAt: null, ifTouchedAt: loaded.touchedAt }
  const isNew = loaded === null || dice < 0.12
  const before = isNew ? newRecord(world, random) : loaded.record
  if (before.closed) return { ...removal, touchedAt: null, ifTouchedAt: null }
  const bytes = makeBytes(random)
  const record: StreamRecord = {
    ...before,
    tail: before.tail + bytes.reduce((sum, piece) => sum + piece.length, 0),
    closed: random.chance(0.05),
    lastStreamSeq: random.chance(0.3) ? `s${commitId}` : before.lastStreamSeq,
    producerCount: before.producerCount + 1,
  }
  const touchedAt = random.chance(0.7) || isNew ? world.time : null
  return { commitId, record, bytes, entries: makeEntries(commitId, random), touchedAt, ifTouchedAt: null }
}

function makeEntries(value: string, random: Random): Map<string, string | null> {
  const entries = new Map<string, string | null>()
  for (const key of ENTRY_KEYS) {
    if (random.chance(0.35)) entries.set(key, random.chance(0.2) ? null : value)
  }
  return entries
}

function makeBytes(random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let count = random.below(3); count > 0; count--) {
    const length = random.chance(0.1) ? 1 + random.below(3000) : 1 + random.below(200)
    pieces.push(new Uint8Array(length).map(() => random.below(256)))
  }
  return pieces
}

function newRecord(world: SimulatedWorld, random: Random): StreamRecord {
  const base = random.chance(0.3) ? random.below(100) : 0
  const expiry: Expiry = random.chance(0.3) ? { kind: 'ttl', seconds: 1 + random.below(100) } : NEVER
  return { ...recordOf(base), streamId: world.newStreamId(), createdAt: world.time, base, expiry }
}

async function touchStream(store: StreamStore, model: PathModel, world: SimulatedWorld): Promise<void> {
  const state = model.certain
  if (state !== null) await store.touch(model.path, state.record.streamId, world.time)
}

/** Reads and lists; the paths must come in order and without repetitions. */
async function lookAround(store: StreamStore, model: PathModel, random: Random): Promise<void> {
  const paths = await store.list('', '', 100)
  for (let i = 1; i < paths.length; i++) {
    if (comparePaths(paths[i - 1]!, paths[i]!) >= 0) throw new Error('paths out of order')
  }
  const loaded = await store.load(model.path, ENTRY_KEYS)
  model.observe(loaded)
  if (paths.includes(model.path) !== (loaded !== null)) throw new Error(`${model.path}: list and load differ`)
  if (loaded === null || !random.chance(0.7)) return
  const bytes = await readAll(store, model.path, loaded.record)
  // More may have been added since; what is there must be the beginning of it, or of nothing else.
  const expected = model.certain
  if (expected?.commitId === loaded.commitId && !bytes.equals(expected.bytes)) {
    throw new Error(`${model.path}: its bytes are not those that were written`)
  }
}
