import { describe, expect, it } from 'vitest'
import { FakeEnvironment } from '../../test/fake-environment.js'
import { ImmediateStore } from '../../test/immediate-store.js'
import { StoreError } from '../store/contract.js'
import { StreamEngine } from './stream-engine.js'
import { TestDisk } from '../../test/test-disk.js'
import { appendOf, creation, pathOf, textOf } from '../../test/requests.js'

const path = pathOf('a')

interface Setting {
  readonly engine: StreamEngine
  readonly environment: FakeEnvironment
  readonly store: ImmediateStore
  readonly disk: TestDisk
}

async function setUp(): Promise<Setting> {
  const disk = new TestDisk()
  const store = new ImmediateStore(disk)
  const environment = new FakeEnvironment()
  const engine = new StreamEngine({ store, environment })
  await engine.create(path, creation())
  environment.isManual = true
  return { engine, environment, store, disk }
}

describe('a store that has done its work when it returns', () => {
  it('is given each write as it comes, and its outcome is there at once', async () => {
    const { engine, environment, disk } = await setUp()
    for (const i of [0, 1, 2]) {
      const before = disk.log.length
      expect(engine.appendNow(path, appendOf(`${i};`))).toMatchObject({ kind: 'appended' })
      expect(disk.log.length - before).toBe(1)
    }
    expect(environment.deferred).toEqual([])
    const page = await engine.read(path, null)
    expect(page.kind === 'page' && textOf(page.pieces)).toBe('0;1;2;')
  })

  it.each([
    [new StoreError('full', 'no room'), 'storage-full'],
    [new Error('a bug'), 'outcome-unknown'],
  ])('fails a write alone with what it throws: %s', async (error, code) => {
    const { engine, store } = await setUp()
    const commit = store.commit.bind(store)
    store.commit = () => {
      throw error
    }
    await expect(engine.append(path, appendOf('x'))).rejects.toMatchObject({ code })
    expect(() => engine.appendNow(path, appendOf('x'))).toThrow(expect.objectContaining({ code }))
    store.commit = commit
    expect((await engine.append(path, appendOf('y'))).kind).toBe('appended')
  })

  it('is not believed when somebody else has changed a stream between a load and a commit', async () => {
    const { engine, store } = await setUp()
    store.commit = () => ({ kind: 'conflict' })
    await expect(engine.append(path, appendOf('x'))).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('is not believed when it answers later', async () => {
    const { engine, store } = await setUp()
    const { load } = store
    const commit = store.commit.bind(store)
    store.commit = (...given) => Promise.resolve(commit(...given))
    await expect(engine.append(path, appendOf('x'))).rejects.toMatchObject({ code: 'outcome-unknown' })
    store.load = (...asked) => Promise.resolve(load(...asked))
    await expect(engine.append(path, appendOf('x'))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
