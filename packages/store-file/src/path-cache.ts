import type { StreamPath } from '@ds/core'

interface AtPath {
  readonly path: StreamPath
}

const FEWEST_PLACES = 256
const MOST_PLACES = 1 << 20
/** So many places there are at least for each of those that can be looked for. */
const PLACES_EACH = 4
/** So many units at the end of a path, where most paths differ, tell its place. */
const HASHED_UNITS = 48

/**
 * Finds most of very many streams with fewer looks into memory that is not at hand than a Map: each path has a place and
 * the one beside it, and the two streams are there that were looked for last. It has only what is kept elsewhere, so
 * paths that share a place are no more than a reason to look there.
 */
export class PathCache<T extends AtPath> {
  #places: (T | null)[] = emptyPlaces(FEWEST_PLACES)

  /** Undefined when it has to be looked for elsewhere. */
  find(path: StreamPath): T | undefined {
    const place = this.#placeOf(path)
    const first = this.#places[place]
    if (first?.path === path) return first
    const second = this.#places[place ^ 1]
    return second?.path === path ? second : undefined
  }

  /**
   * Keeps at hand what has just been found elsewhere; of two with the same path the earlier must have been forgotten.
   *
   * @param count how many there are in all, which tells how much room is worth while
   */
  keep(item: T, count: number): void {
    if (count * PLACES_EACH > this.#places.length && this.#places.length < MOST_PLACES) this.#grow()
    this.#put(item)
  }

  #grow(): void {
    const former = this.#places
    this.#places = emptyPlaces(former.length * 2)
    for (const item of former) if (item !== null) this.#put(item)
  }

  #put(item: T): void {
    const place = this.#placeOf(item.path)
    const first = this.#places[place] ?? null
    if (first !== null) this.#places[place ^ 1] = first
    this.#places[place] = item
  }

  /** Takes note that it is kept no longer. */
  forget(item: T): void {
    const place = this.#placeOf(item.path)
    for (const at of [place, place ^ 1]) if (this.#places[at] === item) this.#places[at] = null
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
