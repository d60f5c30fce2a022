import type { LoadedStream } from '../store/contract.js'
import { describe, expect, it } from 'vitest'
import { offsetAt } from '../decide/stream-state.js'
import { FakeEnvironment } from '../../test/fake-environment.js'
import { StreamEngine } from './stream-engine.js'
import { TestStore } from '../../test/test-store.js'
import { appendOf, creation, pathOf, producerOf } from '../../test/requests.js'

const path = pathOf('a')

/** A store that recalls what a test lets it recall. */
class RecallingStore extends TestStore {
  recalled: LoadedStream | undefined
  asked: (readonly string[])[] = []

  recall(_path: string, entryKeys: readonly string[]): LoadedStream | undefined {
    this.asked.push(entryKeys)
    const { recalled } = this
    this.recalled = undefined
    return recalled
  }
}

async function setUp(): Promise<{ store: RecallingStore; engine: StreamEngine }> {
  const store = new RecallingStore()
  const engine = new StreamEngine({ store, environment: new FakeEnvironment() })
  await engine.create(path, creation('x'))
  store.recalled = store.disk.load(path, []) ?? undefined
  store.loads = 0
  return { store, engine }
}

describe('what a store recalls', () => {
  it('saves the load before a commit', async () => {
    const { store, engine } = await setUp()
    expect(await engine.append(path, appendOf('y'))).toMatchObject({ kind: 'appended' })
    expect(store.loads).toBe(0)
    expect(store.disk.load(path, [])?.record.tail).toBe(2)
  })

  it('is decided again from a load when it is out of date', async () => {
    const { store, engine } = await setUp()
    await engine.append(path, appendOf('y', { close: true }))
    expect(await engine.append(path, appendOf('z'))).toMatchObject({ kind: 'closed' })
    expect(store.loads).toBe(1)
    expect(store.disk.load(path, [])?.record.tail).toBe(2)
  })

  it('is never a reason to refuse: only a load is', async () => {
    const { store, engine } = await setUp()
    const { recalled } = store
    store.recalled = { ...recalled!, record: { ...recalled!.record, closed: true } }
    expect(await engine.append(path, appendOf('y'))).toMatchObject({ kind: 'appended' })
    expect(store.loads).toBe(1)
  })

  it('may be wrong about the tail of a change that commutes, which is told where it is', async () => {
    const { store, engine } = await setUp()
    const { recalled } = store
    await engine.append(path, appendOf('yy'))
    store.loads = 0
    store.recalled = recalled
    expect(await engine.append(path, appendOf('z'))).toMatchObject({
      kind: 'appended',
      tail: offsetAt(recalled!.record, 4),
    })
    expect(store.loads).toBe(0)
  })

  it('may be wrong about the tail of several changes, each of which is told where it is', async () => {
    const { store, engine } = await setUp()
    await engine.append(path, appendOf('1', { producer: producerOf('w', 0, 0) }))
    const recalled = store.disk.load(path, ['p:w'])!
    await engine.append(path, appendOf('yy'))
    store.recalled = recalled
    const next = appendOf('2', { producer: producerOf('w', 0, 1) })
    const outcomes = await Promise.all([engine.append(path, appendOf('zzz')), engine.append(path, next)])
    expect(outcomes).toMatchObject([
      { kind: 'appended', tail: offsetAt(recalled.record, 7), producer: null },
      { kind: 'appended', tail: offsetAt(recalled.record, 8), producer: { epoch: 0, lastSeq: 1 } },
    ])
  })

  it('proves nothing to writes that change nothing, though others of their batch commute', async () => {
    const { store, engine } = await setUp()
    await engine.append(path, appendOf('1', { producer: producerOf('w', 0, 0) }))
    const recalled = store.disk.load(path, ['p:w'])!
    await engine.append(path, appendOf('2', { producer: producerOf('w', 1, 0) }))
    store.recalled = recalled
    const repeated = appendOf('1', { producer: producerOf('w', 0, 0) })
    const outcomes = await Promise.all([engine.append(path, appendOf('3')), engine.append(path, repeated)])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'stale-epoch'])
  })

  it('is no reason to append behind anything but appends', async () => {
    const { store, engine } = await setUp()
    const { recalled } = store
    await engine.append(path, appendOf('y', { streamSeq: '5' }))
    store.recalled = recalled
    expect(await engine.append(path, appendOf('z'))).toMatchObject({ kind: 'appended' })
    expect(store.loads).toBe(1)
  })

  it('is never a reason to call an append a duplicate', async () => {
    const { store, engine } = await setUp()
    store.recalled = { ...store.recalled!, entries: new Map([['p:w', '0:7']]) }
    const write = appendOf('y', { producer: producerOf('w', 0, 0) })
    expect(await engine.append(path, write)).toMatchObject({ kind: 'appended' })
    expect(store.asked.at(-1)).toEqual(['p:w'])
    expect(store.disk.load(path, ['p:w'])?.entries.get('p:w')).toBe('0:0')
  })
})
