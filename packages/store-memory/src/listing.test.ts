import type { StreamRecord } from '@ds/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from './memory-store.js'
import { changeOf, idOf, pathOf, put, recordOf, write } from '../test/changes.js'

const name = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '~', '\u00e4', '\uffff', '\u{1f600}'),
  minLength: 1,
  maxLength: 4,
})
const inUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('a list of paths', () => {
  it('has those with the prefix, after the given one, in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name),
        fc.uniqueArray(name),
        fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1f600}'), maxLength: 2 }),
        fc.oneof(name, fc.constant('')),
        fc.nat({ max: 5 }),
        (paths, removed, prefix, after, limit) => {
          const store = new MemoryStore()
          for (const path of paths) write(store, path, '')
          store.list('', '', 1)
          for (const path of removed) put(store, path, changeOf(null))
          const expected = paths
            .filter((path) => !removed.includes(path) && path.startsWith(prefix) && inUtf8(path, after) > 0)
            .sort(inUtf8)
          expect(store.list(prefix, after, limit)).toEqual(expected.slice(0, limit))
          expect(store.list(prefix, after, 1000)).toEqual(expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('names every path once when it is read page by page, though streams come and go', () => {
    const store = new MemoryStore()
    const paths = Array.from({ length: 50 }, (_, i) => `s/${String(i).padStart(2, '0')}`)
    for (const path of paths) write(store, path, '')
    const seen: string[] = []
    for (let after = ''; ; after = seen.at(-1)!) {
      const page = store.list('s/', after, 7)
      if (page.length === 0) break
      seen.push(...page)
      write(store, `t/${seen.length}`, '')
      write(store, `s/00/${seen.length}`, '')
      put(store, seen[0]!, changeOf(null))
    }
    expect(seen.filter((path) => paths.includes(path))).toEqual(paths)
  })
})

describe('the streams that are due', () => {
  const due = (at: number): Partial<StreamRecord> => ({ expiry: { kind: 'at', atMs: at } })

  it('are those whose time has come, and no others', () => {
    const store = new MemoryStore()
    write(store, 'never', '')
    write(store, 'soon', '', due(100))
    write(store, 'later', '', due(200))
    write(store, 'sliding', '', { expiry: { kind: 'ttl', seconds: 1 } })
    write(store, 'unsettled', '', { unsettledSince: 0 })
    expect(store.due(99, 10)).toEqual([])
    expect(store.due(100, 10)).toEqual(['soon'])
    expect([...store.due(1000, 10)].sort()).toEqual(['later', 'sliding', 'soon'])
    expect([...store.due(30_000, 10)].sort()).toEqual(['later', 'sliding', 'soon', 'unsettled'])
  })

  it('move away when they are used, changed or removed', () => {
    const store = new MemoryStore()
    for (const path of ['touched', 'changed', 'removed', 'replaced']) {
      write(store, path, '', { expiry: { kind: 'ttl', seconds: 1 } })
    }
    expect(store.due(1000, 10)).toHaveLength(4)
    store.touch(pathOf('touched'), idOf('touched1'), 500)
    write(store, 'changed', '', { expiry: { kind: 'never' } })
    put(store, 'removed', changeOf(null))
    put(store, 'replaced', changeOf(recordOf({ streamId: idOf('new') })))
    expect(store.due(1000, 10)).toEqual([])
    expect(store.due(1500, 10)).toEqual(['touched'])
    write(store, 'changed', '', due(1))
    expect([...store.due(1500, 10)].sort()).toEqual(['changed', 'touched'])
  })

  it('all get their turn, though only a few are named at a time', () => {
    const store = new MemoryStore()
    for (let i = 0; i < 20; i++) write(store, `s${i}`, '', due(1))
    for (let i = 0; i < 20; i++) write(store, `later${i}`, '', due(1_000_000))
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const paths = store.due(1, 3)
      expect(paths.length).toBeLessThanOrEqual(3)
      for (const path of paths) seen.add(path)
    }
    expect(seen.size).toBe(20)
  })
})
