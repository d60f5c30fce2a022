import type { StreamPath } from '../protocol/branded.js'

/**
 * Who watches which path, for stores to keep: each watch is its own, even when two have the same function, and one
 * that was ended is not called any more, not even from within the wake-up that ends it.
 */
export class Watchers {
  readonly #byPath = new Map<StreamPath, Set<{ readonly wake: () => void }>>()

  /** Adds a watch; returns what ends it, which may be called more than once. */
  add(path: StreamPath, wake: () => void): () => void {
    const watcher = { wake }
    const watchers = this.#byPath.get(path) ?? new Set()
    this.#byPath.set(path, watchers.add(watcher))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#byPath.get(path) === watchers) this.#byPath.delete(path)
    }
  }

  /** Wakes those who are watching now, and still are when their turn comes. */
  wake(path: StreamPath): void {
    const watchers = this.#byPath.get(path)
    if (watchers === undefined) return
    for (const watcher of [...watchers]) if (watchers.has(watcher)) watcher.wake()
  }

  /** Ends all watches. */
  clear(): void {
    for (const watchers of this.#byPath.values()) watchers.clear()
    this.#byPath.clear()
  }
}
