import { CommitNames, joinCommitName } from './commit-name.js'
import { expect, test } from 'vitest'

const NAMES = [
  ['c1', 'c2', 'c10', 'c9', 'c'],
  ['abc0', 'abc1', 'abc01', 'abc001', 'abc10'],
  ['1', '12', '2', '02', '0', '00'],
  ['a7', 'b7', 'a8', '7', ''],
  ['x70999', 'x71000', 'x7', 'x70'],
  ['p123456789012345', 'p1234567890123456', 'p12345678901234567890', 'p9007199254740993'],
  ['p1e3', 'p 1', 'p-1', 'p1.5', 'p１'],
  ['x'.repeat(64), '9'.repeat(64)],
]

test.each(NAMES)('%s and those after it are put together as they were', (...names) => {
  const commits = new CommitNames()
  const parts = names.map((name) => {
    const number = commits.numberOf(name)
    return [number < 0 ? name : commits.prefix, number] as const
  })
  expect(parts.map(([prefix, number]) => joinCommitName(prefix, number))).toEqual(names)
})

test('names of one writer have one prefix, however many they are', () => {
  const commits = new CommitNames()
  const prefixes = new Set<string>()
  for (let i = 1; i < 3000; i++) {
    expect(commits.numberOf(`writer-07-${i}`)).toBe(i)
    prefixes.add(commits.prefix)
  }
  expect([...prefixes]).toEqual(['writer-07-'])
})
