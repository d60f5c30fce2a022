import type { StreamId, StreamStore, Version } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { Random } from './random.js'
import { SimulatedDisk } from './simulated-disk.js'
import { StoreError } from '@ds/core'
import { changeOf, pathOf } from './changes.js'
import { expect, test } from 'vitest'
import { readAll } from './store-model.js'

const SEEDS = 400
const PATHS = ['a', 'b', 'c']
const OPTIONS = { checkpointBytes: 3_000, preallocateBytes: 500 }

/** The contents that a path has had, by the commit that made them. */
type History = Map<string, Buffer>

test('a flipped bit anywhere is never served, and no stream seems empty because of it', async () => {
  const outcomes = { refused: 0, damaged: 0, unharmed: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) outcomes[await flipOne(new Random(seed))]++
  // Some bits are in room taken in advance, or in what nobody reads again.
  expect(outcomes.refused).toBeGreaterThan(0)
  expect(outcomes.damaged).toBeGreaterThan(SEEDS / 4)
})

async function flipOne(random: Random): Promise<'refused' | 'damaged' | 'unharmed'> {
  const runtime = {
    now: () => 0,
    defer: (run: () => void) => void setImmediate(run),
    newSalt: () => random.below(2 ** 32),
  }
  let disk = new SimulatedDisk(random, { rate: 0, crashAt: Infinity })
  const histories = new Map<string, History>()
  const store = await FileStore.openOn(disk, runtime, OPTIONS)
  for (const path of PATHS) histories.set(path, await writeHistory(store, path, random))
  if (random.chance(0.5)) await store.close()
  disk.crash()
  disk = disk.afterCrash({ rate: 0, crashAt: Infinity }, 'process')
  flipBit(disk, random)
  try {
    const damaged = await FileStore.openOn(disk, runtime, OPTIONS)
    let isDamaged = damaged.damage.length > 0
    const isSilent = damaged.damage.every(({ path }) => path !== null)
    for (const [path, history] of histories)
      isDamaged = (await check(damaged, path, history, isSilent)) || isDamaged
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

function flipBit(disk: SimulatedDisk, random: Random): void {
  const names = ['journal', 'tables', 'segments'].flatMap((folder) => disk.pathsIn(folder))
  if (random.chance(0.1)) names.push('FORMAT', 'MANIFEST')
  const file = disk.fileAt(random.pick(names))
  if (file === undefined || file.content.length === 0) return
  const at = random.below(file.content.length)
  file.write(new Uint8Array([file.content[at]! ^ (1 << random.below(8))]), at)
}

/** True when the damage was noticed. What is served must be what the stream was at some time. */
async function check(
  store: StreamStore,
  path: string,
  history: History,
  mustBeThere: boolean,
): Promise<boolean> {
  try {
    const loaded = await store.load(pathOf(path), [])
    if (loaded === null) {
      // Only what nobody can attribute, or the very last commit of the journal, may be missing unseen.
      if (mustBeThere && history.size > 1 && path !== PATHS.at(-1)) expect.unreachable(`${path} seems empty`)
      return true
    }
    const expected = history.get(loaded.commitId)
    if (expected === undefined) expect.unreachable(`${path} has a commit that nobody made`)
    expect(await readAll(store, pathOf(path), loaded.record)).toEqual(expected)
    return loaded.commitId !== [...history.keys()].at(-1)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return true
    throw error
  }
}
