import { describe, expect, it } from 'vitest'
import { MemoryStore } from './memory-store.js'
import { changeOf, idOf, pathOf, put, readAll, recordOf, write } from '../test/changes.js'

const a = pathOf('a')

describe('a commit', () => {
  it('happens only on the version that it expects', () => {
    const store = new MemoryStore()
    expect(store.commit(a, 7, changeOf(recordOf()))).toEqual({ kind: 'conflict' })
    expect(store.load(a, [])).toBeNull()
    const created = store.commit(a, null, changeOf(recordOf({ tail: 1 }), 'x'))
    if (created.kind !== 'committed') return expect.fail(created.kind)
    for (const wrong of [null, 'x', -1]) {
      expect(store.commit(a, wrong, changeOf(recordOf({ tail: 2 }), 'y'))).toEqual({ kind: 'conflict' })
      expect(store.commit(a, wrong, changeOf(null))).toEqual({ kind: 'conflict' })
    }
    expect(store.load(a, [])).toMatchObject({ version: created.version, record: { tail: 1 } })
    expect(readAll(store, 'a', idOf('s'), 0, 1)).toBe('x')
  })

  it('does not change what was loaded before it', () => {
    const store = new MemoryStore()
    const first = recordOf({ tail: 1 })
    put(store, 'a', changeOf(first, 'x'))
    const loaded = store.load(a, [])!
    put(store, 'a', changeOf(recordOf({ tail: 2, closed: true, lastStreamSeq: '1' }), 'y'))
    expect(loaded.record).toEqual(recordOf({ tail: 1 }))
    expect(first).toEqual(recordOf({ tail: 1 }))
    expect(store.load(a, [])!.record).toEqual(recordOf({ tail: 2, closed: true, lastStreamSeq: '1' }))
  })

  it('is recognised by its id', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf(), '', { commitId: 'mine' }))
    expect(store.load(a, [])?.commitId).toBe('mine')
    put(store, 'a', changeOf(recordOf({ closed: true }), '', { commitId: 'yours' }))
    expect(store.load(a, [])?.commitId).toBe('yours')
  })

  it('gives a version that never comes back', () => {
    const store = new MemoryStore()
    const versions = new Set<unknown>()
    for (let i = 0; i < 5; i++) {
      put(store, 'a', changeOf(recordOf()))
      versions.add(store.load(a, [])!.version)
      put(store, 'a', changeOf(recordOf({ closed: true })))
      versions.add(store.load(a, [])!.version)
      put(store, 'a', changeOf(null))
    }
    expect(versions.size).toBe(10)
  })

  it('that is refused changes nothing and wakes nobody', () => {
    const store = new MemoryStore()
    write(store, 'a', 'x')
    let wakes = 0
    store.watch(a, () => wakes++)
    const before = store.load(a, ['k'])
    const change = changeOf(recordOf({ tail: 9 }), 'y', { entries: new Map([['k', 'v']]), touchedAt: 99 })
    expect(store.commit(a, null, change).kind).toBe('conflict')
    expect(store.load(a, ['k'])).toEqual(before)
    expect(wakes).toBe(0)
  })

  it('of nothing on nothing is nothing', () => {
    const store = new MemoryStore()
    expect(store.commit(a, null, changeOf(null)).kind).toBe('committed')
    expect(store.load(a, [])).toBeNull()
    expect(store.list('', '', 10)).toEqual([])
  })
})

describe('entries', () => {
  it('are loaded when they are asked for and exist', () => {
    const store = new MemoryStore()
    put(
      store,
      'a',
      changeOf(recordOf(), '', {
        entries: new Map([
          ['p', '1'],
          ['q', '2'],
          ['gone', null],
        ]),
      }),
    )
    expect([...store.load(a, [])!.entries]).toEqual([])
    expect([...store.load(a, ['p', 'none', 'gone'])!.entries]).toEqual([['p', '1']])
    expect([...store.load(a, ['q', 'p', 'p'])!.entries].sort()).toEqual([
      ['p', '1'],
      ['q', '2'],
    ])
  })

  it('are set and removed by commits, and those not named stay', () => {
    const store = new MemoryStore()
    put(
      store,
      'a',
      changeOf(recordOf(), '', {
        entries: new Map([
          ['p', '1'],
          ['q', '2'],
          ['r', '3'],
        ]),
      }),
    )
    put(
      store,
      'a',
      changeOf(recordOf(), '', {
        entries: new Map<string, string | null>([
          ['p', null],
          ['q', '4'],
          ['none', null],
        ]),
      }),
    )
    expect(new Map(store.load(a, ['p', 'q', 'r', 'none'])!.entries)).toEqual(
      new Map([
        ['q', '4'],
        ['r', '3'],
      ]),
    )
  })

  it('that were loaded do not change any more', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf(), '', { entries: new Map([['p', '1']]) }))
    const loaded = store.load(a, ['p', 'q'])!
    put(
      store,
      'a',
      changeOf(recordOf({ closed: true }), '', {
        entries: new Map([
          ['p', '2'],
          ['q', '3'],
        ]),
        touchedAt: 50,
      }),
    )
    expect([...loaded.entries]).toEqual([['p', '1']])
    expect(loaded.record.closed).toBe(false)
    expect(loaded.touchedAt).toBe(0)
  })
})

describe('another incarnation', () => {
  it('takes the place of the old one with all that it had, in one step', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf({ tail: 3 }), 'old', { entries: new Map([['p', '1']]), touchedAt: 90 }))
    put(
      store,
      'a',
      changeOf(recordOf({ streamId: idOf('t'), tail: 4, createdAt: 50 }), 'new!', {
        entries: new Map([['q', '2']]),
        touchedAt: 50,
      }),
    )
    expect(store.read(a, idOf('s'), 0, 10)).toBeNull()
    expect(readAll(store, 'a', idOf('t'), 0, 4)).toBe('new!')
    expect([...store.load(a, ['p', 'q'])!.entries]).toEqual([['q', '2']])
    expect(store.load(a, [])!.touchedAt).toBe(50)
    expect(store.list('', '', 10)).toEqual(['a'])
  })

  it('after a removal begins with nothing', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf({ tail: 3 }), 'old', { entries: new Map([['p', '1']]) }))
    put(store, 'a', changeOf(null))
    expect(store.load(a, [])).toBeNull()
    expect(store.read(a, idOf('s'), 0, 10)).toBeNull()
    expect(store.list('', '', 10)).toEqual([])
    put(store, 'a', changeOf(recordOf({ streamId: idOf('t') })))
    expect([...store.load(a, ['p'])!.entries]).toEqual([])
  })

  it('is not read in place of the old one', () => {
    const store = new MemoryStore()
    write(store, 'a', 'abc')
    expect(store.read(a, idOf('other'), 0, 10)).toBeNull()
    expect(store.read(pathOf('b'), idOf('a1'), 0, 10)).toBeNull()
  })
})

describe('the start of the expiry window', () => {
  const touchedAt = (store: MemoryStore): number => store.load(a, [])!.touchedAt

  it('is the creation, unless the creation says otherwise', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf({ createdAt: 40 })))
    expect(touchedAt(store)).toBe(40)
    put(store, 'a', changeOf(recordOf({ streamId: idOf('t'), createdAt: 40 }), '', { touchedAt: 60 }))
    expect(touchedAt(store)).toBe(60)
  })

  it('moves forward only, and makes no new version when it is only touched', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf(), '', { touchedAt: 100 }))
    const { version } = store.load(a, [])!
    store.touch(a, idOf('s'), 50)
    expect(touchedAt(store)).toBe(100)
    store.touch(a, idOf('s'), 150)
    expect(touchedAt(store)).toBe(150)
    expect(store.load(a, [])!.version).toBe(version)
    put(store, 'a', changeOf(recordOf(), '', { touchedAt: 120 }))
    expect(touchedAt(store)).toBe(150)
    put(store, 'a', changeOf(recordOf()))
    expect(touchedAt(store)).toBe(150)
  })

  it('is not moved by a touch of another incarnation', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf(), '', { touchedAt: 100 }))
    store.touch(a, idOf('t'), 500)
    store.touch(pathOf('none'), idOf('s'), 500)
    expect(touchedAt(store)).toBe(100)
    expect(store.load(pathOf('none'), [])).toBeNull()
  })

  it('makes a change conflict that relies on another one', () => {
    const store = new MemoryStore()
    put(store, 'a', changeOf(recordOf(), '', { touchedAt: 100 }))
    const { version } = store.load(a, [])!
    store.touch(a, idOf('s'), 150)
    expect(store.commit(a, version, changeOf(null, '', { ifTouchedAt: 100 }))).toEqual({ kind: 'conflict' })
    expect(store.commit(a, version, changeOf(null, '', { ifTouchedAt: 150 })).kind).toBe('committed')
  })
})

describe('a store that is full', () => {
  it('refuses what adds to it, leaves nothing of it, and takes what does not', () => {
    const store = new MemoryStore({ maxBytes: 5_000 })
    write(store, 'a', 'x'.repeat(2_000))
    const before = store.load(a, ['k'])
    const version = before!.version
    const change = changeOf({ ...before!.record, tail: 6_000 }, 'y'.repeat(4_000), {
      entries: new Map([['k', 'v']]),
    })
    expect(() => store.commit(a, version, change)).toThrow(expect.objectContaining({ code: 'full' }) as Error)
    expect(store.load(a, ['k'])).toEqual(before)
    expect(() =>
      store.commit(pathOf('b'), null, changeOf(recordOf({ tail: 4_000 }), 'y'.repeat(4_000))),
    ).toThrow()
    expect(store.list('', '', 10)).toEqual(['a'])
    put(store, 'a', changeOf({ ...before!.record, closed: true }))
    expect(readAll(store, 'a', before!.record.streamId, 0, 2_000, 700)).toBe('x'.repeat(2_000))
  })

  it('has room again for as much as was removed', () => {
    const store = new MemoryStore({ maxBytes: 5_000 })
    for (let i = 0; i < 20; i++) {
      write(store, 'a', 'x'.repeat(1_500), { streamId: idOf(`a${i}`) })
      write(store, 'a', 'x'.repeat(1_500))
      put(store, 'a', changeOf(null))
    }
    write(store, 'a', 'x'.repeat(1_900))
    const next = changeOf(recordOf({ streamId: idOf('next'), tail: 1_000 }), 'y'.repeat(1_000))
    put(store, 'a', next)
    write(store, 'b', 'x'.repeat(1_900))
  })

  it('counts entries, and has their room again when they are shortened, removed or go with their stream', () => {
    const store = new MemoryStore({ maxBytes: 5_000 })
    write(store, 'a', 'x')
    const setEntries = (...entries: [string, string | null][]): void => {
      const { record } = store.load(a, [])!
      put(store, 'a', changeOf(record, '', { entries: new Map(entries) }))
    }
    for (let i = 0; i < 20; i++) {
      setEntries(['k', 'v'.repeat(2_000)], ['l', 'v'.repeat(500)])
      setEntries(['k', 'v'], ['l', null])
    }
    setEntries(['k', 'v'.repeat(3_000)])
    expect(() => setEntries(['l', 'v'.repeat(1_000)])).toThrow(
      expect.objectContaining({ code: 'full' }) as Error,
    )
    expect(store.load(a, ['k', 'l'])!.entries).toEqual(new Map([['k', 'v'.repeat(3_000)]]))
    put(store, 'a', changeOf(null))
    write(store, 'a', 'x'.repeat(3_000), { streamId: idOf('next') })
  })
})

it('a bound that is no number is refused', () => {
  expect(() => new MemoryStore({ maxBytes: NaN })).toThrow('maxBytes')
})
