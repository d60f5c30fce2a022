import { LmdbStore } from '../src/lmdb-store.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { changeOf, pathOf, put, recordOf } from './changes.js'
import { execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'

const HOLDER = fileURLToPath(new URL('hold-lock.mjs', import.meta.url))
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-lmdb-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const isMountable = mountSmall('check')

/** A disk of a few megabytes in the directory; tells whether that is allowed here. */
function mountSmall(name: string, parent = mkdtempSync(join(tmpdir(), 'ds-lmdb-'))): boolean {
  const folder = join(parent, name)
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder], { stdio: 'ignore' })
    if (name === 'check') execFileSync('umount', [folder])
    return true
  } catch {
    return false
  }
}

test.skipIf(!isMountable)(
  'a full disk refuses commits, keeps what was there, and takes commits again',
  async () => {
    mountSmall('disk', directory)
    const disk = join(directory, 'disk')
    try {
      const store = await LmdbStore.open(disk)
      const piece = new Uint8Array(100_000).fill(120)
      await put(store, 'small', changeOf(recordOf('small', 0)))
      await put(store, 's', changeOf(recordOf('s', 0)))
      let tail = 0
      const fill = async (): Promise<void> => {
        for (;;) {
          await put(store, 's', changeOf(recordOf('s', tail + piece.length), piece))
          tail += piece.length
        }
      }
      await expect(fill()).rejects.toMatchObject({ name: 'StoreError', code: 'full' })
      expect(store.health()).toMatchObject({ isWritable: false, problems: ['the disk is full'] })
      expect(tail).toBeGreaterThan(1_000_000)
      expect(store.load(pathOf('s'), [])?.record.tail).toBe(tail)
      const bytes = store.read(pathOf('s'), recordOf('s', 0).streamId, 0, tail)!
      expect(Buffer.concat([...bytes])).toHaveLength(tail)
      execFileSync('mount', ['-o', 'remount,size=64m', disk])
      await put(store, 's', changeOf(recordOf('s', tail + piece.length), piece))
      expect(store.health()).toEqual({ isWritable: true, problems: [] })
      await store.close()
      const again = await LmdbStore.open(disk)
      expect(again.load(pathOf('s'), [])?.record.tail).toBe(tail + piece.length)
      await again.close()
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  },
)

describe('a commit that waits for longer than it may', () => {
  test('is unknown, takes place later, and does not take place again', async () => {
    const store = await LmdbStore.open(directory, { commitTimeoutMs: 150 })
    const version = await put(store, 's', changeOf(recordOf('s', 0)))
    const holder = spawn(process.execPath, [HOLDER, directory, '1500'])
    await once(holder.stdout, 'data')
    const change = changeOf(recordOf('s', 1), Buffer.from('x'))
    expect((await store.commit(pathOf('s'), version, change)).kind).toBe('unknown')
    expect(store.health().isWritable).toBe(false)
    expect(store.load(pathOf('s'), [])?.version).toBe(version)
    await once(holder, 'close')
    await expect.poll(() => store.load(pathOf('s'), [])?.commitId, { timeout: 5_000 }).toBe(change.commitId)
    expect((await store.commit(pathOf('s'), version, change)).kind).toBe('conflict')
    await put(store, 's', changeOf(null))
    const again = await store.commit(pathOf('s'), null, change)
    expect(again.kind).toBe('conflict')
    expect(store.load(pathOf('s'), [])).toBeNull()
    expect(store.health().isWritable).toBe(true)
    await store.close()
  })
})

describe('a directory', () => {
  test('with another file in place of the data is refused', async () => {
    writeFileSync(join(directory, 'data.mdb'), Buffer.alloc(50_000, 'not a database '))
    await expect(LmdbStore.open(directory)).rejects.toMatchObject({ code: 'corrupt' })
  })

  test('that cannot be made is refused', async () => {
    writeFileSync(join(directory, 'file'), '')
    await expect(LmdbStore.open(join(directory, 'file'))).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('what a removed stream leaves', () => {
  test('is removed bit by bit, also after the store was opened again, and its room is used', async () => {
    const piece = new Uint8Array(1 << 20).fill(1)
    let store = await LmdbStore.open(directory)
    const sizes: number[] = []
    for (let round = 0; round < 6; round++) {
      await put(store, 's', changeOf(recordOf(`s${round}`, piece.length), piece))
      for (let i = 2; i <= 8; i++) {
        await put(store, 's', changeOf(recordOf(`s${round}`, i * piece.length), piece))
      }
      await put(store, 's', changeOf(null))
      await store.close()
      sizes.push(Number(execFileSync('stat', ['-c', '%s', join(directory, 'data.mdb')]).toString()))
      store = await LmdbStore.open(directory)
    }
    expect(sizes.at(-1)).toBeLessThan(3 * 8 * piece.length)
    await store.close()
  })
})

test('options that cannot be meant are refused, and leave no directory behind', async () => {
  const fresh = join(directory, 'fresh')
  await expect(LmdbStore.open(fresh, { commitTimeoutMs: NaN })).rejects.toThrow('commitTimeoutMs')
  expect(existsSync(fresh)).toBe(false)
})
