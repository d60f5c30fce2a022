import type { FileSystem } from '../src/file-system.js'
import type { StreamId, StreamStore, Version } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { StoreError } from '@ds/core'
import { changeOf, pathOf } from './changes.js'
import { expect, test } from 'vitest'
import { readAll } from './store-model.js'
import { withFiles } from './planted-bugs.js'
import { simulatedRuntime } from './simulated-runtime.js'

const SEEDS = 400
const TIMEOUT_MS = 60_000
const PATHS = ['a', 'b', 'c']
const OPTIONS = { checkpointBytes: 3_000, preallocateBytes: 500 }

/** Looks at a directory as if recovery had taken what is damaged for the end of the journal. */
const CUTS_IN_THE_MIDDLE = (disk: FileSystem, flippedAt: number): FileSystem =>
  withFiles(disk, (file, path) =>
    path.startsWith('journal/')
      ? {
          ...file,
          size: async () => Math.min(flippedAt, await file.size()),
          read: (into, position) => file.read(into.subarray(0, Math.max(0, flippedAt - position)), position),
        }
      : file,
  )

/** The contents that a path has had, by the commit that made them. */
type History = Map<string, Buffer>

test(
  'a flipped bit anywhere is never served, and nothing is missed in silence because of it',
  async () => {
    const outcomes = { refused: 0, damaged: 0, unharmed: 0 }
    for (let seed = 1; seed <= SEEDS; seed++) outcomes[await flipOne(new Random(seed))]++
    // Some bits are in room taken in advance, or in what nobody reads again.
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes.damaged).toBeGreaterThan(SEEDS / 4)
  },
  TIMEOUT_MS,
)

test(
  'a store that cuts its journal off where it is damaged is found out',
  async () => {
    let isFound = false
    for (let seed = 1; seed <= SEEDS && !isFound; seed++) {
      isFound = await flipOne(new Random(seed), CUTS_IN_THE_MIDDLE).then(
        () => false,
        () => true,
      )
    }
    expect(isFound).toBe(true)
  },
  TIMEOUT_MS,
)

async function flipOne(
  random: Random,
  planted: (disk: FileSystem, flippedAt: number) => FileSystem = (disk) => disk,
): Promise<'refused' | 'damaged' | 'unharmed'> {
  const runtime = simulatedRuntime(random)
  let disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity })
  const histories = new Map<string, History>()
  const store = await FileStore.openOn(disk, runtime, OPTIONS)
  for (const path of PATHS) histories.set(path, await writeHistory(store, path, random))
  // What was written last is not known to be durable by anything after it; it is not looked at.
  await store.commit(pathOf('z'), null, changeOf('z', 'last', 0))
  if (random.chance(0.5)) await store.close()
  disk.crash()
  disk = disk.afterCrash({ rate: 0, crashAt: Infinity }, 'process')
  const flippedAt = flipBit(disk, random)
  try {
    const damaged = await FileStore.openOn(planted(disk, flippedAt), runtime, OPTIONS)
    const named = new Set(damaged.damage.map(({ path }) => path))
    let isDamaged = named.size > 0
    for (const [path, history] of histories) {
      const isNamed = named.has(null) || named.has(path)
      isDamaged = (await check(damaged, path, history, isNamed)) || isDamaged
    }
    await damaged.close()
    return isDamaged ? 'damaged' : 'unharmed'
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return 'refused'
    throw error
  }
}

async function writeHistory(store: StreamStore, path: string, random: Random): Promise<History> {
  const history: History = new Map()
  let version: Version | null = null
  let content = ''
  for (let i = 1 + random.below(8); i >= 0; i--) {
    const text = `${path}${i}`.repeat(1 + random.below(200))
    const change = changeOf(`${path}${i}`, text, content.length)
    const record = { ...change.record!, streamId: path.padStart(16, '1') as StreamId }
    const result = await store.commit(pathOf(path), version, { ...change, record })
    if (result.kind !== 'committed') throw new Error(result.kind)
    version = result.version
    content += text
    history.set(change.commitId, Buffer.from(content))
  }
  return history
}

/** Returns where in its file it was. */
function flipBit(disk: SimulatedDisk, random: Random): number {
  const names = ['journal', 'tables', 'segments'].flatMap((folder) => disk.pathsIn(folder))
  if (random.chance(0.1)) names.push('FORMAT', 'MANIFEST')
  const file = disk.fileAt(random.pick(names))
  if (file === undefined || file.content.length === 0) return Infinity
  const at = random.below(file.content.length)
  file.write(new Uint8Array([file.content[at]! ^ (1 << random.below(8))]), at)
  return at
}

/** True when something is missing, with an error or by name. What is served is what the stream was at some time. */
async function check(store: StreamStore, path: string, history: History, isNamed: boolean): Promise<boolean> {
  try {
    const loaded = await store.load(pathOf(path), [])
    const isWhole = loaded?.commitId === [...history.keys()].at(-1)
    if (!isWhole && !isNamed) expect.unreachable(`${path} has lost commits in silence`)
    if (loaded === null) return true
    const expected = history.get(loaded.commitId)
    if (expected === undefined) expect.unreachable(`${path} has a commit that nobody made`)
    expect(await readAll(store, pathOf(path), loaded.record)).toEqual(expected)
    return !isWhole
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return true
    throw error
  }
}
