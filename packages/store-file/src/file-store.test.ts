import type { StreamRecord } from '@ds/core'
import { FileStore } from './file-store.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { changeOf, pathOf, recordOf, textOf } from '../test/changes.js'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { verifyDirectory } from './verify-directory.js'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-store-file-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

/** Writes `a` with two commits and `b` with one, and ends as a crash does: without a checkpoint. */
async function writeAndCrash(): Promise<void> {
  const store = await FileStore.open(directory)
  const a = await store.commit(pathOf('a'), null, changeOf('1', 'first', 0))
  await store.commit(pathOf('b'), null, changeOf('2', 'other', 0))
  if (a.kind !== 'committed') throw new Error(a.kind)
  await store.commit(pathOf('a'), a.version, changeOf('3', 'second', 5))
  await store.commit(pathOf('c'), null, changeOf('4', 'last', 0))
  for (const name of readdirSync(directory)) if (name.startsWith('LOCK.')) rmSync(join(directory, name))
}

function journalFile(): string {
  return join(directory, 'journal', readdirSync(join(directory, 'journal')).sort()[0]!)
}

describe('a file store', () => {
  test('keeps what a later version has added to a record, in the journal and in tables', async () => {
    const record = { ...recordOf(5), ofLater: 1, listOfLater: [] } as StreamRecord
    const store = await FileStore.open(directory)
    await store.commit(pathOf('a'), null, { ...changeOf('1', 'hello', 0), record })
    await store.close()
    for (let tail = 6; tail <= 8; tail++) {
      const again = await FileStore.open(directory)
      const loaded = await again.load(pathOf('a'), [])
      expect(loaded?.record).toEqual({ ...record, tail: tail - 1 })
      await again.commit(pathOf('a'), loaded!.version, changeOf(`${tail}`, 'x', tail - 1))
      expect((await again.load(pathOf('a'), []))?.record).toEqual({ ...record, tail })
      await again.close()
    }
  })

  test('what was loaded stays as it was while the stream goes on', async () => {
    const store = await FileStore.open(directory)
    const parts = (loaded: Awaited<ReturnType<typeof store.load>>): unknown[] => {
      const { record, version, commitId, touchedAt } = loaded!
      return [record.tail, version, commitId, touchedAt]
    }
    await store.commit(pathOf('a'), null, { ...changeOf('n7', 'hello', 0), touchedAt: 3 })
    const before = await store.load(pathOf('a'), [])
    await store.commit(pathOf('a'), before!.version, { ...changeOf('n8', 'x', 5), touchedAt: 4 })
    expect(parts(before)).toEqual([5, before!.version, 'n7', 3])
    expect(parts(await store.load(pathOf('a'), [])).slice(2)).toEqual(['n8', 4])
    await store.close()
  })

  test('has after closing what it had before, without a journal to replay', async () => {
    const store = await FileStore.open(directory)
    const created = await store.commit(pathOf('x/y'), null, changeOf('1', 'hello', 0))
    await store.close()
    const again = await FileStore.open(directory)
    const loaded = await again.load(pathOf('x/y'), [])
    expect(loaded?.record).toEqual(recordOf(5))
    expect(created).toEqual({ kind: 'committed', version: loaded?.version })
    expect(textOf(await again.read(pathOf('x/y'), recordOf(5).streamId, 1, 3))).toBe('ell')
    expect(await again.list('x/', '', 10)).toEqual(['x/y'])
    await again.close()
    expect(await verifyDirectory(directory)).toEqual({ streams: 1, bytes: 5, commits: 0, problems: [] })
  })

  test('refuses a second owner with the number of the first, and takes over from a dead one', async () => {
    const store = await FileStore.open(directory)
    await expect(FileStore.open(directory)).rejects.toMatchObject({
      code: 'unavailable',
      message: `process ${process.pid} has ${directory} open`,
    })
    await store.close()
    writeFileSync(join(directory, 'LOCK.another-boot.1.1.1.abc'), '')
    await (await FileStore.open(directory)).close()
    expect(readdirSync(directory).filter((name) => name.startsWith('LOCK.'))).toEqual([])
  })

  test.each([{ batchBytes: NaN }, { checkpointBytes: 0 }, { durability: 'fync' as 'fsync' }])(
    'refuses %o, and leaves no directory behind',
    async (options) => {
      const fresh = join(directory, 'fresh')
      const opening = FileStore.open(fresh, options)
      await expect(opening).rejects.toThrow(RangeError)
      await expect(opening).rejects.toThrow(Object.keys(options)[0])
      expect(existsSync(fresh)).toBe(false)
    },
  )

  test('leaves alone what is not its own, and what is newer', async () => {
    writeFileSync(join(directory, 'notes.txt'), 'mine')
    await expect(FileStore.open(directory)).rejects.toMatchObject({ code: 'corrupt' })
    expect(readdirSync(directory)).toEqual(['notes.txt'])
    writeFileSync(join(directory, 'FORMAT'), '{"format":"durable-streams-file-store","version":3}')
    await expect(FileStore.open(directory)).rejects.toThrow('format version 3, and this program knows only 2')
  })

  test('wakes those who watch a path when what they were woken for can be seen', async () => {
    const store = await FileStore.open(directory)
    const seen: unknown[] = []
    const unwatch = store.watch(pathOf('a'), () => seen.push(store.load(pathOf('a'), [])))
    await store.commit(pathOf('b'), null, changeOf('1', 'x', 0))
    const result = await store.commit(pathOf('a'), null, changeOf('2', 'y', 0))
    expect(seen).toMatchObject([{ commitId: '2' }])
    unwatch()
    if (result.kind === 'committed') await store.commit(pathOf('a'), result.version, changeOf('3', 'z', 1))
    expect(seen).toHaveLength(1)
    await store.close()
  })

  test('counts opening as a touch of every stream, so that a crash can undo touches', async () => {
    const store = await FileStore.open(directory)
    const change = { ...changeOf('1', 'x', 0), touchedAt: 5 }
    await store.commit(pathOf('a'), null, change)
    expect((await store.load(pathOf('a'), []))?.touchedAt).toBe(5)
    await store.touch(pathOf('a'), recordOf(0).streamId, 7)
    expect((await store.load(pathOf('a'), []))?.touchedAt).toBe(7)
    await store.close()
    const before = Date.now()
    const again = await FileStore.open(directory)
    expect((await again.load(pathOf('a'), []))?.touchedAt).toBeGreaterThanOrEqual(before)
    await again.close()
  })

  test('finds entries wherever they are, each under its own key', async () => {
    const options = { checkpointStreams: 2, cachedStreams: 1 }
    const store = await FileStore.open(directory, options)
    let version: number | string | null = null
    for (let i = 0; i < 40; i++) {
      const entries = new Map([
        [`p:${i}`, String(i)],
        ...(i % 3 === 2 ? [[`p:${i - 1}`, null] as const] : []),
      ])
      const result = await store.commit(pathOf('a'), version, { ...changeOf(`a${i}`, 'x', i), entries })
      if (result.kind === 'committed') version = result.version
      for (const other of ['b', 'c', 'd']) {
        await store.commit(pathOf(`${other}${i}`), null, changeOf(`${other}${i}`, '', 0))
      }
    }
    const keys = Array.from({ length: 41 }, (_, i) => `p:${i}`)
    const kept = keys.slice(0, 40).filter((_, i) => i % 3 !== 1 || i === 39)
    for (const opened of [store, null]) {
      const found = opened ?? (await FileStore.open(directory, options))
      const loaded = await found.load(pathOf('a'), keys)
      expect([...loaded!.entries.keys()]).toEqual(kept)
      expect((await found.list('b', 'b2', 3)).map(String)).toEqual(['b20', 'b21', 'b22'])
      await found.close()
    }
  })

  test('stores what is in memory when that is much, however short the journal may be', async () => {
    const store = await FileStore.open(directory, { unstoredBytes: 10_000 })
    for (let i = 0; i < 60; i++)
      await store.commit(pathOf(`s${i}`), null, changeOf(`c${i}`, 'x'.repeat(1_000), 0))
    expect(readdirSync(join(directory, 'segments'))).not.toEqual([])
    await store.close()
  })

  test('gives back the space of removed streams', async () => {
    const options = { checkpointBytes: 200_000, preallocateBytes: 1 }
    const store = await FileStore.open(directory, options)
    for (let i = 0; i < 60; i++) {
      const created = await store.commit(pathOf('big'), null, changeOf(`c${i}`, 'x'.repeat(100_000), 0))
      if (created.kind !== 'committed') throw new Error(created.kind)
      await store.commit(pathOf('big'), created.version, {
        ...changeOf(`r${i}`, '', 0),
        record: null,
        bytes: [],
      })
    }
    await store.close()
    expect(readdirSync(join(directory, 'segments'))).toEqual([])
    expect(readdirSync(join(directory, 'journal')).length).toBe(1)
  })
})

describe('damage in the middle of the journal', () => {
  test('makes the stream that it touches read-only, names it, and keeps to the others', async () => {
    await writeAndCrash()
    const bytes = readFileSync(journalFile())
    bytes[bytes.indexOf('second') + 2]! ^= 1
    writeFileSync(journalFile(), bytes)
    expect((await verifyDirectory(directory)).problems).toHaveLength(1)
    for (let opening = 1; opening <= 2; opening++) {
      const store = await FileStore.open(directory)
      expect(store.damage.map(({ path }) => path)).toEqual(['a'])
      const { streamId } = recordOf(0)
      const loaded = await store.load(pathOf('a'), [])
      expect(loaded?.record.tail).toBe(5)
      expect(textOf(await store.read(pathOf('a'), streamId, 0, 100))).toBe('first')
      const change = changeOf('9', 'more', 5)
      await expect(store.commit(pathOf('a'), loaded!.version, change)).rejects.toMatchObject({
        code: 'corrupt',
      })
      expect(textOf(await store.read(pathOf('b'), streamId, 0, 100))).toBe('other')
      expect(textOf(await store.read(pathOf('c'), streamId, 0, 100))).toBe('last')
      await store.close()
    }
    expect(readdirSync(join(directory, 'damaged'))).toHaveLength(1)
  })

  test('is found by what comes after it when the damaged record cannot tell whose it was', async () => {
    await writeAndCrash()
    const bytes = readFileSync(journalFile())
    // The path of the first record, which is part of what its header's sum covers.
    bytes[4096 + 56]! ^= 1
    writeFileSync(journalFile(), bytes)
    const store = await FileStore.open(directory)
    expect(store.damage.map(({ path }) => path)).toEqual([null, 'a'])
    await expect(store.load(pathOf('a'), [])).rejects.toMatchObject({ code: 'corrupt' })
    await expect(store.commit(pathOf('a'), null, changeOf('9', '', 0))).rejects.toMatchObject({
      code: 'corrupt',
    })
    await store.close()
  })

  test('a torn tail is cut off in silence', async () => {
    await writeAndCrash()
    const bytes = readFileSync(journalFile())
    bytes[bytes.lastIndexOf('last')]! ^= 1
    writeFileSync(journalFile(), bytes)
    const store = await FileStore.open(directory)
    expect(store.damage).toEqual([])
    expect(await store.list('', '', 10)).toEqual(['a', 'b'])
    await store.close()
  })
})

test('a flipped byte in a segment is never served', async () => {
  const store = await FileStore.open(directory)
  await store.commit(pathOf('a'), null, changeOf('1', 'precious', 0))
  await store.close()
  const [name] = readdirSync(join(directory, 'segments'))
  const file = join(directory, 'segments', name!)
  const bytes = readFileSync(file)
  bytes[bytes.indexOf('precious')]! ^= 1
  writeFileSync(file, bytes)
  const again = await FileStore.open(directory)
  const { streamId } = recordOf(0)
  await expect(again.read(pathOf('a'), streamId, 0, 100)).rejects.toMatchObject({ code: 'corrupt' })
  await again.close()
  expect((await verifyDirectory(directory)).problems).toHaveLength(1)
})
