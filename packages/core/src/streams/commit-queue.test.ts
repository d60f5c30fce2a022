import type { Change } from '../decide/stream-state.js'
import type { Write } from './stream-writer.js'
import { describe, expect, it, vi } from 'vitest'
import { CommitQueue } from './commit-queue.js'
import { DEFAULT_LIMITS } from './environment.js'
import { FakeEnvironment } from '../../test/fake-environment.js'
import { TestStore } from '../../test/test-store.js'
import { pathOf, recordOf } from '../../test/requests.js'

const path = pathOf('a')

function setUp(): { queue: CommitQueue; store: TestStore; environment: FakeEnvironment } {
  const environment = new FakeEnvironment()
  const store = new TestStore()
  return { queue: new CommitQueue(store, environment, DEFAULT_LIMITS), store, environment }
}

const write = <T>(
  outcome: T,
  change: Change | 'touch' | null,
  entryKeys: readonly string[] = [],
): Write<T> => {
  return { entryKeys, byteLength: 0, decide: () => ({ outcome, change }) }
}

it('a change commutes only if its write can be told that it was put elsewhere', async () => {
  const { queue, store } = setUp()
  const commuted: (boolean | undefined)[] = []
  const commit = store.commit.bind(store)
  store.commit = (at, expected, change) => {
    commuted.push(change.commutes)
    return commit(at, expected, change)
  }
  const fixed = write(0, { record: recordOf(), commutes: true })
  const movable = { ...fixed, move: (outcome: number) => outcome }
  for (const one of [fixed, movable]) await queue.submit(path, one)
  await Promise.all([movable, movable].map((one) => queue.submit(path, one)))
  await Promise.all([movable, fixed].map((one) => queue.submit(path, one)))
  expect(commuted).toEqual([false, true, true, false])
})

describe('writes of one commit', () => {
  it('move the window if one of them uses the stream, though the others do not', async () => {
    for (const order of [0, 1]) {
      const { queue, store, environment } = setUp()
      await queue.submit(path, write(0, { record: recordOf(), touchedAt: environment.time }))
      environment.time += 5_000
      const both = [write(1, 'touch'), write(2, { record: recordOf({ closed: true }) })]
      if (order === 1) both.reverse()
      await Promise.all(both.map((one) => queue.submit(path, one)))
      expect(store.disk.log).toHaveLength(2)
      expect(store.disk.streams.get(path)!.touchedAt).toBe(environment.time)
    }
  })

  it('leave the window alone if none of them uses the stream', async () => {
    const { queue, store, environment } = setUp()
    await queue.submit(path, write(0, { record: recordOf(), touchedAt: 5 }))
    const before = store.disk.streams.get(path)!.touchedAt
    environment.time += 5_000
    await queue.submit(path, write(1, { record: recordOf({ closed: true }) }))
    expect(store.disk.streams.get(path)!.touchedAt).toBe(before)
  })

  it('see the entries that those before them set and removed, and only those', async () => {
    const { queue, store } = setUp()
    const seen: string[][] = []
    const look: Write<null> = {
      entryKeys: ['x', 'y', 'z'],
      byteLength: 0,
      decide: (state) => {
        seen.push([...(state?.entries ?? [])].map(([key, value]) => `${key}=${value}`).sort())
        return { outcome: null, change: null }
      },
    }
    const set = (...entries: (readonly [string, string | null])[]): Write<null> =>
      write(null, { record: recordOf(), entries })
    const batch = [look, set(['x', '1'], ['y', '1']), look, set(['x', null], ['y', '2']), look]
    await Promise.all(batch.map((one) => queue.submit<null>(path, one)))
    expect(seen).toEqual([[], ['x=1', 'y=1'], ['y=2']])
    await queue.submit(path, look)
    expect(seen.at(-1)).toEqual(['y=2'])
    expect(store.disk.log).toHaveLength(1)
  })

  it('that throw are a fault of all, and nothing is committed', async () => {
    const { queue, store } = setUp()
    const broken: Write<null> = {
      ...write(null, null),
      decide: () => {
        throw new TypeError('a bug')
      },
    }
    const results = await Promise.allSettled([
      queue.submit(path, write(1, { record: recordOf() })),
      queue.submit(path, broken),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(store.disk.log).toEqual([])
    await expect(queue.submit(path, write(2, null))).resolves.toBe(2)
  })
})

it('a hook that throws although it must not is a fault of the writes, and no other is held up by it', async () => {
  const store = new TestStore()
  const hook = vi.fn().mockImplementationOnce(() => {
    throw new TypeError('a bug')
  })
  const queue = new CommitQueue(store, new FakeEnvironment(), DEFAULT_LIMITS, hook)
  const longer = (tail: number): Write<number> => {
    const bytes = new Uint8Array(1)
    return write(tail, { record: recordOf({ tail }), bytes })
  }
  await expect(queue.submit(path, longer(1))).rejects.toThrow('a bug')
  await expect(queue.submit(path, longer(2))).resolves.toBe(2)
  expect(hook).toHaveBeenCalledTimes(2)
  await queue.whenIdle()
})

describe('a queue', () => {
  it('of a stream whose commit is under way outlives those of a thousand others', async () => {
    const { queue, store, environment } = setUp()
    const held: (() => void)[] = []
    store.pace = (what, step) => {
      if (what === `commit ${path}`) held.push(step)
      else step()
    }
    const first = queue.submit(path, write(1, { record: recordOf() }))
    for (let i = 0; i < 1_000; i++) await queue.submit(pathOf(`s${i}`), write(0, null))
    const second = queue.submit(path, write(2, { record: recordOf({ closed: true }) }))
    await environment.settle()
    expect(held).toHaveLength(1)
    store.pace = (_what, step) => step()
    held[0]!()
    expect(await Promise.all([first, second])).toEqual([1, 2])
  })

  it('is idle when nothing waits', async () => {
    const { queue } = setUp()
    await queue.whenIdle()
    let isIdle = false
    const work = queue.submit(path, write(1, { record: recordOf() }))
    const idle = queue.whenIdle().then(() => (isIdle = true))
    expect(isIdle).toBe(false)
    await work
    await idle
  })

  it('names every commit differently', async () => {
    const { queue, store } = setUp()
    for (let i = 0; i < 20; i++)
      await queue.submit(path, write(i, { record: recordOf({ lastStreamSeq: String(i) }) }))
    expect(new Set(store.disk.log.map(({ change }) => change.commitId)).size).toBe(20)
  })
})
