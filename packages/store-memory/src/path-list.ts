import type { StreamPath } from '@ds/core'
import { comparePaths } from '@ds/core'

/** Paths in order. What comes is put in its place when somebody lists, so that neither costs a sort of everything. */
export class PathList {
  readonly #exists: (path: StreamPath) => boolean
  #sorted: StreamPath[] = []
  readonly #fresh = new Set<StreamPath>()
  /** How many of the sorted paths may be gone. */
  #gone = 0

  /** @param exists whether a path that was added is still there */
  constructor(exists: (path: StreamPath) => boolean) {
    this.#exists = exists
  }

  add(path: StreamPath): void {
    this.#fresh.add(path)
  }

  /** A path is gone; it may come again. */
  remove(path: StreamPath): void {
    if (!this.#fresh.delete(path)) this.#gone++
  }

  /** Paths that begin with `prefix` and sort after `after`, at most `limit`. */
  list(prefix: string, after: string, limit: number): StreamPath[] {
    if (this.#fresh.size > 0 || this.#gone > this.#sorted.length / 2) this.#merge()
    const paths: StreamPath[] = []
    const from = comparePaths(after, prefix) > 0 ? after : prefix
    for (let i = firstAtLeast(this.#sorted, from); paths.length < limit; i++) {
      const path = this.#sorted[i]
      if (path?.startsWith(prefix) !== true) break
      if (this.#exists(path) && comparePaths(path, after) > 0) paths.push(path)
    }
    return paths
  }

  #merge(): void {
    const fresh = [...this.#fresh].filter((path) => this.#exists(path)).sort(comparePaths)
    const merged: StreamPath[] = []
    let next = 0
    for (const path of this.#sorted) {
      // A path that was removed and came again is in both.
      if (this.#fresh.has(path) || (this.#gone > 0 && !this.#exists(path))) continue
      while (next < fresh.length && comparePaths(fresh[next]!, path) < 0) merged.push(fresh[next++]!)
      merged.push(path)
    }
    while (next < fresh.length) merged.push(fresh[next++]!)
    this.#sorted = merged
    this.#fresh.clear()
    this.#gone = 0
  }
}

/** The index of the first path that is not before `wanted`, by halving. */
function firstAtLeast(paths: readonly string[], wanted: string): number {
  let low = 0
  let high = paths.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (comparePaths(paths[middle]!, wanted) < 0) low = middle + 1
    else high = middle
  }
  return low
}
