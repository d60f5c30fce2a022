import { Recollections } from './recollections.js'
import { changeOf, idOf, pathOf, recordOf } from '../test/changes.js'
import { expect, it } from 'vitest'

const a = pathOf('a')

it('what was committed last is recalled, with the entries that are known', () => {
  const memory = new Recollections(10)
  expect(memory.recall(a, [])).toBeUndefined()
  const first = changeOf(recordOf({ tail: 1 }), 'x', { entries: new Map([['p', '1']]), touchedAt: 5 })
  memory.committed(a, null, first, 'v1')
  expect(memory.recall(a, ['p'])).toEqual({
    record: first.record,
    version: 'v1',
    commitId: first.commitId,
    touchedAt: 5,
    entries: new Map([['p', '1']]),
  })
  expect(memory.recall(a, ['q'])).toBeUndefined()
  const second = changeOf(recordOf({ tail: 2 }), 'y', {
    entries: new Map<string, string | null>([['q', null]]),
  })
  memory.committed(a, 'v1', second, 'v2')
  memory.touched(a, 9)
  expect(memory.recall(a, ['p', 'q'])).toMatchObject({
    version: 'v2',
    touchedAt: 9,
    entries: new Map([['p', '1']]),
  })
})

it('entries are forgotten with what they belonged to', () => {
  const memory = new Recollections(10)
  memory.committed(a, null, changeOf(recordOf(), '', { entries: new Map([['p', '1']]) }), 'v1')
  memory.committed(a, 'v7', changeOf(recordOf()), 'v8')
  expect(memory.recall(a, ['p'])).toBeUndefined()
  memory.committed(a, 'v8', changeOf(recordOf(), '', { entries: new Map([['p', '2']]) }), 'v9')
  memory.committed(a, 'v9', changeOf(recordOf({ streamId: idOf('t') })), 'v10')
  expect(memory.recall(a, ['p'])).toBeUndefined()
  memory.committed(a, 'v10', changeOf(null), 'v11')
  expect(memory.recall(a, [])).toBeUndefined()
})

it('what a conflict has shown takes its place, with the entries that are not there', () => {
  const memory = new Recollections(10)
  memory.committed(a, null, changeOf(recordOf(), '', { entries: new Map([['old', '1']]) }), 'v1')
  const found = {
    record: recordOf({ tail: 3 }),
    version: 'v3',
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
  for (const path of ['a', 'b', 'a', 'c']) memory.committed(pathOf(path), null, changeOf(recordOf()), path)
  expect(['a', 'b', 'c'].map((path) => memory.recall(pathOf(path), []) !== undefined)).toEqual([
    true,
    false,
    true,
  ])
})
