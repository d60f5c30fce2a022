import type { Recollection } from './recollections.js'
import { Recollections } from './recollections.js'
import { formatVersion } from './stream-version.js'
import { changeOf, idOf, pathOf, recordOf } from '../test/changes.js'
import { expect, it } from 'vitest'

const a = pathOf('a')

function versionOf(number: number, commitId = 'c'): string {
  return formatVersion('c', number, commitId)
}

it('what was committed last is recalled, with the entries that are known', () => {
  const memory = new Recollections(10)
  expect(memory.recall(a, [])).toBeUndefined()
  const first = changeOf(recordOf({ tail: 1 }), 'x', { entries: new Map([['p', '1']]), touchedAt: 5 })
  memory.committed(a, null, first, versionOf(1, first.commitId))
  expect(memory.recall(a, ['p'])).toEqual({
    record: first.record,
    version: versionOf(1, first.commitId),
    commitId: first.commitId,
    touchedAt: 5,
    entries: new Map([['p', '1']]),
  })
  expect(memory.recall(a, ['q'])).toBeUndefined()
  const second = changeOf(recordOf({ tail: 2 }), 'y', {
    entries: new Map<string, string | null>([['q', null]]),
  })
  memory.committed(a, versionOf(1, first.commitId), second, versionOf(2))
  memory.touched(a, 9)
  expect(memory.recall(a, ['p', 'q'])).toMatchObject({
    version: versionOf(2),
    touchedAt: 9,
    entries: new Map([['p', '1']]),
  })
})

it('entries are forgotten with what they belonged to', () => {
  const memory = new Recollections(10)
  memory.committed(a, null, changeOf(recordOf(), '', { entries: new Map([['p', '1']]) }), versionOf(1))
  memory.committed(a, versionOf(7), changeOf(recordOf()), versionOf(8))
  expect(memory.recall(a, ['p'])).toBeUndefined()
  memory.committed(
    a,
    versionOf(8),
    changeOf(recordOf(), '', { entries: new Map([['p', '2']]) }),
    versionOf(9),
  )
  memory.committed(a, versionOf(9), changeOf(recordOf({ streamId: idOf('t') })), versionOf(10))
  expect(memory.recall(a, ['p'])).toBeUndefined()
  memory.committed(a, versionOf(10), changeOf(null), versionOf(11))
  expect(memory.recall(a, [])).toBeUndefined()
})

it('what a conflict has shown takes its place, with the entries that are not there', () => {
  const memory = new Recollections(10)
  memory.committed(a, null, changeOf(recordOf(), '', { entries: new Map([['old', '1']]) }), versionOf(1))
  const found = {
    record: recordOf({ tail: 3 }),
    version: versionOf(3),
    commitId: 'c',
    touchedAt: 7,
    entries: new Map([['p', '1']]),
  }
  memory.found(a, found, ['p', 'q'])
  expect(memory.recall(a, ['p', 'q'])).toEqual(found)
  expect(memory.recall(a, ['old'])).toBeUndefined()
  memory.found(a, null, [])
  expect(memory.recall(a, [])).toBeUndefined()
})

it('the ones committed to longest ago are forgotten first', () => {
  const memory = new Recollections(2)
  for (const path of ['a', 'b', 'a', 'c'])
    memory.committed(pathOf(path), null, changeOf(recordOf()), versionOf(1))
  expect(['a', 'b', 'c'].map((path) => memory.recall(pathOf(path), []) !== undefined)).toEqual([
    true,
    false,
    true,
  ])
})

it('an append behind those of others leaves no entry that they may have set', () => {
  const memory = new Recollections(10)
  const entries = new Map([
    ['p', '1'],
    ['q', '1'],
  ])
  memory.committed(a, null, changeOf(recordOf(), '', { entries }), versionOf(1))
  const change = changeOf(recordOf({ tail: 5 }), 'x', { entries: new Map([['p', '2']]), touchedAt: 3 })
  memory.get(a)!.grow(5, 2, change, false)
  expect(memory.recall(a, ['p', 'q'])).toEqual({
    record: recordOf({ tail: 5 }),
    version: versionOf(2, change.commitId),
    commitId: change.commitId,
    touchedAt: 3,
    entries: new Map([
      ['p', '2'],
      ['q', '1'],
    ]),
  })
  memory.get(a)!.grow(9, 4, { ...change, entries: new Map([['p', '3']]) }, true)
  expect(memory.recall(a, ['p'])?.record.tail).toBe(9)
  expect(memory.recall(a, ['q'])).toBeUndefined()
})

it('says when it is not the last word on a stream any more', () => {
  const memory = new Recollections(1)
  const holdOne = (): Recollection => {
    memory.committed(a, null, changeOf(recordOf()), versionOf(1))
    const held = memory.get(a)!
    expect(held.isKept).toBe(true)
    return held
  }
  const endings = [
    () => memory.committed(a, versionOf(1), changeOf(recordOf()), versionOf(2)),
    () => memory.committed(a, versionOf(1), changeOf(null), versionOf(2)),
    () => memory.found(a, null, []),
    () => memory.forget(a),
    () => memory.committed(pathOf('b'), null, changeOf(recordOf()), versionOf(1)),
  ]
  for (const end of endings) {
    memory.forget(a)
    const held = holdOne()
    end()
    expect(held.isKept).toBe(false)
  }
})
