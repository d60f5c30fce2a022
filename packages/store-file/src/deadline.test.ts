import { Bounded, Deadline } from './deadline.js'
import { FileStore } from './file-store.js'
import { Random } from '../test/random.js'
import { SimulatedDisk } from '../test/simulated-disk.js'
import { changeOf, pathOf } from '../test/changes.js'
import { expect, test, vi } from 'vitest'
import { nodeRuntime } from './open-store.js'

/** A disk whose syncs can be made to hang. */
function hangingDisk(): { disk: SimulatedDisk; hang: () => void; goOn: () => void } {
  const disk = new SimulatedDisk(new Random(1), { rate: 0, crashAt: Infinity })
  let release: () => void = () => undefined
  let hanging: Promise<void> | null = null
  const open = disk.open.bind(disk)
  disk.open = async (path, mode) => {
    const file = await open(path, mode)
    return {
      ...file,
      sync: async () => {
        await hanging
        await file.sync()
      },
    }
  }
  const hang = (): void => {
    hanging = new Promise((resolve) => (release = resolve))
  }
  const goOn = (): void => {
    hanging = null
    release()
  }
  return { disk, hang, goOn }
}

test('a commit on a disk that hangs is unknown in time, and does not happen twice when the disk goes on', async () => {
  const { disk, hang, goOn } = hangingDisk()
  const store = await FileStore.openOn(disk, nodeRuntime, { callTimeoutMs: 250 })
  hang()
  const create = changeOf('1', 'x', 0)
  expect(await store.commit(pathOf('a'), null, create)).toMatchObject({ kind: 'unknown' })
  expect(await store.load(pathOf('a'), [])).toBeNull()
  goOn()
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

class Work extends Bounded {
  isGivenUp = false

  giveUp(): void {
    this.isGivenUp = true
  }
}

function beginTogether(deadline: Deadline, count: number): Work[] {
  const works = Array.from({ length: count }, () => new Work())
  for (const work of works) deadline.begin(work)
  return works
}

test('of what began together only what has not ended is given up, and only that is kept', async () => {
  const deadline = new Deadline(20)
  const [first, second, third] = beginTogether(deadline, 3) as [Work, Work, Work]
  const { group } = first
  expect([second.group, third.group]).toEqual([group, group])
  deadline.end(second)
  deadline.end(second)
  expect(group!.works).toEqual([first, null, third])
  await expect.poll(() => [first, second, third].map((work) => work.isGivenUp)).toEqual([true, false, true])
  deadline.end(first)
})

test('what begins later has its own time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  try {
    const deadline = new Deadline(150)
    const [early] = beginTogether(deadline, 1) as [Work]
    await vi.advanceTimersByTimeAsync(75)
    const [late] = beginTogether(deadline, 1) as [Work]
    await vi.advanceTimersByTimeAsync(80)
    expect([early.isGivenUp, late.isGivenUp]).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(75)
    expect(late.isGivenUp).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

test('what has ended keeps nothing that began later', async () => {
  const deadline = new Deadline(1000)
  const [first] = beginTogether(deadline, 1) as [Work]
  const { group } = first
  await Promise.resolve()
  const [second] = beginTogether(deadline, 1) as [Work]
  expect(group!.later).toBe(second.group)
  deadline.end(first)
  expect([group!.later, second.group!.earlier]).toEqual([null, null])
  deadline.end(second)
})

test('what begins in one go with something that has ended already is given up as well', async () => {
  const deadline = new Deadline(5)
  const [ended] = beginTogether(deadline, 1) as [Work]
  deadline.end(ended)
  const [hanging] = beginTogether(deadline, 1) as [Work]
  await expect.poll(() => hanging.isGivenUp).toBe(true)
  expect(ended.isGivenUp).toBe(false)
})

test('closing ends in time on a disk that hangs, and keeps the directory until the disk goes on', async () => {
  const { disk, hang, goOn } = hangingDisk()
  const store = await FileStore.openOn(disk, nodeRuntime, { callTimeoutMs: 250 })
  hang()
  expect(await store.commit(pathOf('a'), null, changeOf('1', 'x', 0))).toMatchObject({ kind: 'unknown' })
  await expect(store.close()).rejects.toMatchObject({ code: 'unavailable' })
  await expect(FileStore.openOn(disk, nodeRuntime)).rejects.toThrow('locked')
  goOn()
  await expect
    .poll(() =>
      FileStore.openOn(disk, nodeRuntime).then(
        (again) => again.close().then(() => 'free'),
        () => 'locked',
      ),
    )
    .toBe('free')
})
