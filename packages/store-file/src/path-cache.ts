import type { StreamPath } from '@ds/core'

interface AtPath {
  readonly path: StreamPath
}

const FEWEST_PLACES = 256
const MOST_PLACES = 1 << 18
/** So many units at the end of a path, where most paths differ, tell its place. */
const HASHED_UNITS = 48

/**
 * Finds most of very many streams with fewer looks into memory that is not at hand than a Map: each path has one place, in
 * which the stream is that was looked for last. It has only what is kept elsewhere, so paths that share a place
 * are no more than a reason to look there.
 */
export class PathCache<T extends AtPath> {
  #places: (T | null)[] = emptyPlaces(FEWEST_PLACES)

  /** Undefined when it has to be looked for elsewhere. */
  find(path: StreamPath): T | undefined {
    const found = this.#places[this.#placeOf(path)]
    return found?.path === path ? found : undefined
  }

  /** @param count how many there are in all, which tells how much room is worth while */
  keep(item: T, count: number): void {
    if (count > this.#places.length / 2 && this.#places.length < MOST_PLACES)
      this.#places = emptyPlaces(this.#places.length * 4)
    this.#places[this.#placeOf(item.path)] = item
  }

  /** Takes note that it is kept no longer. */
  forget(item: T): void {
    const place = this.#placeOf(item.path)
    if (this.#places[place] === item) this.#places[place] = null
  }

  clear(): void {
    this.#places = emptyPlaces(FEWEST_PLACES)
  }

  #placeOf(path: StreamPath): number {
    let hash = path.length
    for (let i = Math.max(0, hash - HASHED_UNITS); i < path.length; i++)
      hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193)
    return (hash ^ (hash >>> 15)) & (this.#places.length - 1)
  }
}

function emptyPlaces<T>(count: number): (T | null)[] {
  return new Array<T | null>(count).fill(null)
}
