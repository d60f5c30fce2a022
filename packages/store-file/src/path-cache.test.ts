import { PathCache } from './path-cache.js'
import { expect, test } from 'vitest'
import { pathOf } from '../test/changes.js'

const items = (count: number, prefix = 'p'): { path: ReturnType<typeof pathOf> }[] =>
  Array.from({ length: count }, (_, i) => ({ path: pathOf(`${prefix}/${i}`) }))

test('what it finds at a path is what was kept there, and most of it is found', () => {
  const cache = new PathCache()
  const kept = items(10_000)
  for (const [i, item] of kept.entries()) cache.keep(item, i + 1)
  const found = kept.filter((item) => cache.find(pathOf(item.path.slice())) === item)
  expect(found.length).toBeGreaterThan(9_000)
  for (const { path } of kept) expect([path, undefined]).toContain(cache.find(path)?.path)
  for (const { path } of items(1_000, 'other')) expect(cache.find(path)).toBe(undefined)
})

test('what is forgotten is found no longer, and what has taken its place stays', () => {
  const cache = new PathCache()
  const [first, second] = [{ path: pathOf('a') }, { path: pathOf('a') }]
  cache.keep(first, 1)
  cache.forget(first)
  expect(cache.find(first.path)).toBe(undefined)
  cache.keep(first, 1)
  cache.keep(second, 1)
  cache.forget(first)
  expect(cache.find(first.path)).toBe(second)
})

test('of paths that differ only far from their end, and so share a place, the last two are found', () => {
  const cache = new PathCache()
  const [a, b, c] = ['a', 'b', 'c'].map((start) => ({ path: pathOf(start + '/same'.repeat(20)) }))
  const found = (): unknown[] => [a, b, c].map((item) => cache.find(item!.path))
  cache.keep(a!, 3)
  expect(found()).toEqual([a, undefined, undefined])
  cache.keep(b!, 3)
  expect(found()).toEqual([a, b, undefined])
  cache.keep(c!, 3)
  expect(found()).toEqual([undefined, b, c])
  cache.forget(b!)
  expect(found()).toEqual([undefined, undefined, c])
})
