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
  /** For each place a path and what is there, side by side: so the one is compared while the other is on its way. */
  #places: (StreamPath | T | null)[] = emptyPlaces(FEWEST_PLACES)

  /** Undefined when it has to be looked for elsewhere. */
  find(path: StreamPath): T | undefined {
    const places = this.#places
    const at = this.#indexOf(path)
    if (places[at] === path) return places[at + 1] as T
    return places[at ^ 2] === path ? (places[(at ^ 2) + 1] as T) : undefined
  }

  /**
   * Keeps at hand what has just been found elsewhere; of two with the same path the earlier must have been forgotten.
   *
   * @param count how many there are in all, which tells how much room is worth while
   */
  keep(item: T, count: number): void {
    const room = this.#places.length / 2
    if (count * PLACES_EACH > room && room < MOST_PLACES) this.#grow()
    this.#put(item)
  }

  #grow(): void {
    const former = this.#places
    this.#places = emptyPlaces(former.length)
    for (let at = 1; at < former.length; at += 2) if (former[at] !== null) this.#put(former[at] as T)
  }

  #put(item: T): void {
    const places = this.#places
    const at = this.#indexOf(item.path)
    if (places[at] !== null) {
      places[at ^ 2] = places[at]!
      places[(at ^ 2) + 1] = places[at + 1]!
    }
    places[at] = item.path
    places[at + 1] = item
  }

  /** Takes note that it is kept no longer. */
  forget(item: T): void {
    const place = this.#indexOf(item.path)
    for (const at of [place, place ^ 2])
      if (this.#places[at + 1] === item) this.#places[at] = this.#places[at + 1] = null
  }

  clear(): void {
    this.#places = emptyPlaces(FEWEST_PLACES)
  }

  /** Where the place of a path begins. */
  #indexOf(path: StreamPath): number {
    let hash = path.length
    for (let i = Math.max(0, hash - HASHED_UNITS); i < path.length; i++)
      hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193)
    return ((hash ^ (hash >>> 15)) & (this.#places.length / 2 - 1)) * 2
  }
}

function emptyPlaces<T>(count: number): (StreamPath | T | null)[] {
  return new Array<StreamPath | T | null>(count * 2).fill(null)
}
