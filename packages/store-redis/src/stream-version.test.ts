import { expect, it } from 'vitest'
import { formatVersion, parseVersion, storedVersionOf } from './stream-version.js'

it.each([
  ['c1', 1, 'c1'],
  ['1:2.3', 45, 'a.b:c'],
  ['', 9_007_199_254_740_991, '7'],
])('a version tells the commits that it was made of: %s %i %s', (shapedBy, number, commitId) => {
  const version = formatVersion(shapedBy, number, commitId)
  expect(parseVersion(version)).toEqual({ shapedBy, number, commitId })
  expect(storedVersionOf(version)).toBe(`${number}.${commitId}`)
})
