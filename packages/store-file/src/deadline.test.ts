import { Deadline } from './deadline.js'
import { FileStore } from './file-store.js'
import { Random } from '../test/random.js'
import { SimulatedDisk } from '../test/simulated-disk.js'
import { changeOf, pathOf } from '../test/changes.js'
import { expect, test } from 'vitest'
import { nodeRuntime } from './open-store.js'

test('a commit on a disk that hangs is unknown in time, and does not happen twice when the disk goes on', async () => {
  const disk = new SimulatedDisk(new Random(1), { rate: 0, crashAt: Infinity })
  let letGo: () => void = () => undefined
  let isHanging = false
  const hanging = new Promise<void>((resolve) => (letGo = resolve))
  const open = disk.open.bind(disk)
  disk.open = async (path, mode) => {
    const file = await open(path, mode)
    return { ...file, sync: () => (isHanging ? hanging.then(() => file.sync()) : file.sync()) }
  }
  const store = await FileStore.openOn(disk, nodeRuntime, { callTimeoutMs: 250 })
  isHanging = true
  const create = changeOf('1', 'x', 0)
  expect(await store.commit(pathOf('a'), null, create)).toMatchObject({ kind: 'unknown' })
  expect(await store.load(pathOf('a'), [])).toBeNull()
  isHanging = false
  letGo()
  // The next commit on the path waits for the one before it.
  expect(await store.commit(pathOf('a'), null, changeOf('2', 'y', 0))).toEqual({ kind: 'conflict' })
  const loaded = await store.load(pathOf('a'), [])
  expect(loaded?.commitId).toBe('1')
  const removal = { ...changeOf('3', '', 0), record: null, bytes: [] }
  expect(await store.commit(pathOf('a'), loaded!.version, removal)).toMatchObject({ kind: 'committed' })
  expect(await store.commit(pathOf('a'), null, create)).toEqual({ kind: 'conflict' })
  await store.close()
})

test('a look that takes too long is given up', async () => {
  const never = new Promise<never>(() => undefined)
  await expect(new Deadline(1).boundLook(never)).rejects.toMatchObject({ code: 'unavailable' })
})

test('closing ends in time on a disk that hangs, and keeps the directory until the disk goes on', async () => {
  const disk = new SimulatedDisk(new Random(1), { rate: 0, crashAt: Infinity })
  let letGo: () => void = () => undefined
  const hanging = new Promise<void>((resolve) => (letGo = resolve))
  let isHanging = false
  const open = disk.open.bind(disk)
  disk.open = async (path, mode) => {
    const file = await open(path, mode)
    return { ...file, sync: () => (isHanging ? hanging.then(() => file.sync()) : file.sync()) }
  }
  const store = await FileStore.openOn(disk, nodeRuntime, { callTimeoutMs: 250 })
  isHanging = true
  expect(await store.commit(pathOf('a'), null, changeOf('1', 'x', 0))).toMatchObject({ kind: 'unknown' })
  await expect(store.close()).rejects.toMatchObject({ code: 'unavailable' })
  await expect(FileStore.openOn(disk, nodeRuntime)).rejects.toThrow('locked')
  isHanging = false
  letGo()
  await expect
    .poll(() =>
      FileStore.openOn(disk, nodeRuntime).then(
        (again) => again.close().then(() => 'free'),
        () => 'locked',
      ),
    )
    .toBe('free')
})
