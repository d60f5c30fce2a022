import { comparePaths } from '@ds/core'

interface AtPath {
  readonly path: string
}

/** So many are sorted at a time, which takes a few milliseconds. */
const PART = 8192
const SURROGATE = /[\ud800-\udfff]/

/** Sorts by path. Only surrogates make the order of bytes another one than that of strings, which engines know best. */
export function sortByPath<T extends AtPath>(items: T[]): T[] {
  const hasSurrogates = items.some(({ path }) => SURROGATE.test(path))
  if (hasSurrogates) return items.sort((a, b) => comparePaths(a.path, b.path))
  return items.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** All of very many items in the order of their paths, sorted part by part; others have their turn in between. */
export async function sortInParts<T extends AtPath>(
  items: readonly T[],
  rest: () => Promise<void>,
): Promise<Iterable<T>> {
  const parts: T[][] = []
  for (let at = 0; at < items.length; at += PART) {
    if (at > 0) await rest()
    parts.push(sortByPath(items.slice(at, at + PART)))
  }
  return merge(parts)
}

/** There are few parts, so that looking at the first of each costs less than keeping these in order. */
function* merge<T extends AtPath>(parts: readonly (readonly T[])[]): Generator<T> {
  const at = parts.map(() => 0)
  for (;;) {
    let first: T | undefined
    let from = 0
    for (let i = 0; i < parts.length; i++) {
      const item = parts[i]![at[i]!]
      if (item === undefined || (first !== undefined && comparePaths(first.path, item.path) <= 0)) continue
      first = item
      from = i
    }
    if (first === undefined) return
    at[from]!++
    yield first
  }
}
