import { FileStore } from './file-store.js'
import { ReadCache } from './read-cache.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeOf, pathOf, recordOf, textOf } from '../test/changes.js'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const MEGABYTE = 1 << 20
const { streamId } = recordOf(0)
let directory = ''
let text = ''

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ds-stored-reads-'))
  const store = await FileStore.open(directory)
  let version: number | string | null = null
  text = ''
  // Lengths that fit neither blocks nor parts.
  for (const length of [1_500_001, 77, 2_000_003]) {
    const piece = Array.from({ length: Math.ceil(length / 8) }, (_, i) =>
      String((text.length + i) % 1e8).padStart(8),
    )
    const bytes = piece.join('').slice(0, length)
    const result = await store.commit(pathOf('a'), version, changeOf(`c${text.length}`, bytes, text.length))
    if (result.kind !== 'committed') throw new Error(result.kind)
    version = result.version
    text += bytes
  }
  await store.close()
})

afterEach(() => rmSync(directory, { recursive: true }))

async function read(store: FileStore, from: number, limit: number): Promise<string> {
  return textOf(await store.read(pathOf('a'), streamId, from, limit))!
}

/** Flips a bit of a byte of the stream in the only segment. */
function damageSegment(at: number): void {
  const name = join(directory, 'segments', readdirSync(join(directory, 'segments'))[0]!)
  const bytes = readFileSync(name)
  bytes[at]! ^= 1
  writeFileSync(name, bytes)
}

test.each([0, MEGABYTE, 64 * MEGABYTE])(
  'what was stored is read as it is, with a cache of %i bytes',
  async (readCacheBytes) => {
    const store = await FileStore.open(directory, { readCacheBytes })
    for (const limit of [1, 1000, 300_000, MEGABYTE, 5 * MEGABYTE]) {
      for (const from of [
        0,
        1,
        32_767,
        32_768,
        999_999,
        MEGABYTE,
        MEGABYTE + 1,
        3_000_000,
        text.length - 1,
      ]) {
        const got = await read(store, from, limit)
        expect(got.length).toBeGreaterThan(0)
        expect(got === text.slice(from, from + Math.min(limit, got.length))).toBe(true)
      }
    }
    let all = ''
    while (all.length < text.length) all += await read(store, all.length, 700_000)
    expect(all === text).toBe(true)
    await store.close()
  },
)

test('long reads are kept for others, until the stream is gone; damage is kept from nobody', async () => {
  const store = await FileStore.open(directory)
  const first = await read(store, 0, MEGABYTE)
  damageSegment(500_000)
  expect((await read(store, 0, MEGABYTE)) === first).toBe(true)
  expect(await read(store, 499_000, 3_000)).toBe(text.slice(499_000, 502_000))
  damageSegment(2_000_000)
  for (let i = 0; i < 2; i++)
    await expect(read(store, 1_900_000, MEGABYTE)).rejects.toMatchObject({ code: 'corrupt' })
  // What is asked for and whole is given, whatever is beside it.
  expect((await read(store, 1_100_000, 300_000)) === text.slice(1_100_000, 1_400_000)).toBe(true)
  const { version } = (await store.load(pathOf('a'), []))!
  await store.commit(pathOf('a'), version, { ...changeOf('gone', '', 0), record: null, bytes: [] })
  expect(await store.read(pathOf('a'), streamId, 0, MEGABYTE)).toBeNull()
  await store.close()
})

test('a cache holds as much as it may, what was used last, and nothing that failed', async () => {
  const cache = new ReadCache(100)
  const blocks = Promise.resolve([new Uint8Array(40)])
  cache.keep(1, 0, 40, blocks)
  cache.keep(1, 40, 40, blocks)
  expect(cache.get(1, 0)).toBe(blocks)
  cache.keep(2, 0, 40, blocks)
  expect(cache.get(1, 40)).toBeUndefined()
  expect(cache.get(1, 0)).toBe(blocks)
  cache.forget(1)
  expect(cache.get(1, 0)).toBeUndefined()
  expect(cache.bytes).toBe(40)
  const failing = Promise.reject(new Error('EIO'))
  cache.keep(3, 0, 10, failing)
  cache.keep(4, 0, 10, Promise.resolve(null))
  await expect(failing).rejects.toThrow('EIO')
  await new Promise((resolve) => setImmediate(resolve))
  expect([cache.get(3, 0), cache.get(4, 0), cache.bytes]).toEqual([undefined, undefined, 40])
})
