import { BUCKETS } from './buckets.js'
import { CommitMemory } from './commit-memory.js'
import { idOf, pathOf } from '../test/changes.js'
import { expect, it } from 'vitest'

const s = idOf('s')

it('knows which streams have lost their last commit when there are fewer commits than before', () => {
  const memory = new CommitMemory(1_000)
  memory.note(7, pathOf('a'), s, 3)
  memory.note(7, pathOf('b'), s, 5)
  memory.note(7, pathOf('a'), s, 4)
  memory.note(8, pathOf('c'), s, 9)
  expect(memory.known(7).highest).toBe(5)
  expect(memory.beyond(7, 4)).toEqual({ commits: [['b', { streamId: s, number: 5 }]], isWhole: true })
  expect(memory.beyond(7, 5)).toEqual({ commits: [], isWhole: true })
})

it('does not let an older answer replace a newer one', () => {
  const memory = new CommitMemory(1_000)
  memory.note(1, pathOf('a'), s, 4)
  memory.note(1, pathOf('a'), s, 2)
  expect(memory.beyond(1, 3).commits).toHaveLength(1)
})

it('remembers the removal of a stream that it knew', () => {
  const memory = new CommitMemory(1_000)
  memory.note(1, pathOf('a'), s, 1)
  memory.note(1, pathOf('a'), null, 2)
  memory.note(1, pathOf('never-seen'), null, 3)
  expect(memory.beyond(1, 1).commits).toEqual([['a', { streamId: s, number: 2 }]])
})

it('tells when it has forgotten too much to know all of them', () => {
  const memory = new CommitMemory(1)
  memory.note(1, pathOf('a'), s, 1)
  memory.note(1, pathOf('b'), s, 2)
  expect(memory.beyond(1, 0).isWhole).toBe(false)
  expect(memory.beyond(1, 1).isWhole).toBe(true)
})

it('forgets what was not seen again before what was', () => {
  const memory = new CommitMemory(2 * BUCKETS)
  for (const [path, number] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    memory.note(1, pathOf(path), s, number)
  expect(memory.beyond(1, 0).commits.map(([path]) => path)).toEqual(['c', 'a'])
  expect(memory.beyond(1, 2).isWhole).toBe(true)
})

it('begins anew with the numbers of another server', () => {
  const memory = new CommitMemory(1_000)
  memory.note(1, pathOf('a'), s, 3)
  memory.note(1, pathOf('b'), s, 8)
  memory.adopt(1, 'run2', 5)
  expect(memory.known(1)).toMatchObject({ run: 'run2', highest: 5 })
  expect(memory.beyond(1, 0).commits.map(([path]) => path)).toEqual(['a'])
})

it('notes later commits of what is at hand, until that is forgotten', () => {
  const memory = new CommitMemory(BUCKETS)
  const noted = memory.note(0, pathOf('a'), s, 3)!
  expect(memory.noteAgain(0, noted, s, 5)).toBe(true)
  expect(memory.noteAgain(0, noted, s, 4)).toBe(true)
  expect(memory.beyond(0, 0).commits).toEqual([['a', { streamId: s, number: 5 }]])
  expect(memory.known(0).highest).toBe(5)
  memory.adopt(0, 'run', 4)
  expect(memory.noteAgain(0, noted, s, 6)).toBe(false)
  expect(memory.known(0).highest).toBe(4)
  const other = memory.note(0, pathOf('a'), s, 6)!
  for (let number = 7; number < 10; number++) memory.note(0, pathOf(`b${number}`), s, number)
  expect(memory.noteAgain(0, other, s, 11)).toBe(false)
})
