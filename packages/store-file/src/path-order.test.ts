import { comparePaths } from '@ds/core'
import { expect, test } from 'vitest'
import { sortByPath, sortInParts } from './path-order.js'

/** Among them paths whose order as strings is another one than that of their bytes. */
const PATHS = ['b', 'a', 'a/b', '\uFB01', '\u{1F600}', 'é', 'aa', '\u{1F600}/x', 'z']

test('paths are sorted in the order of their bytes, with and without surrogates', () => {
  for (const paths of [PATHS, PATHS.filter((path) => !path.startsWith('\u{1F600}'))]) {
    const sorted = sortByPath(paths.map((path) => ({ path }))).map(({ path }) => path)
    expect(sorted).toEqual([...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(sorted).toEqual([...paths].sort(comparePaths))
  }
})

test('very many are sorted as a whole, with rests in between', async () => {
  const items = Array.from({ length: 30_000 }, (_, i) => ({ path: `${(i * 7919) % 30_000}\u{1F600}` }))
  let rests = 0
  const rest = (): Promise<void> => {
    rests++
    return Promise.resolve()
  }
  const sorted = [...(await sortInParts(items, rest))].map(({ path }) => path)
  expect(sorted).toEqual(items.map(({ path }) => path).sort(comparePaths))
  expect(rests).toBe(3)
  expect([...(await sortInParts([], rest))]).toEqual([])
})
