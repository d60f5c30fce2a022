import type { HotLayer } from './hot-layer.js'
import type { StreamPath } from '@ds/core'
import type { TableReader } from './table-reader.js'
import { MergeCursor } from './table-set.js'
import { comparePaths } from '@ds/core'
import { decodeHead } from './table-format.js'
import { isStream } from './hot-layer.js'

/**
 * Paths of streams in order, merged from memory and tables, without holding more of them than are asked for.
 *
 * @param layers the newest first; they hide tables
 */
export async function listPaths(
  tables: readonly TableReader[],
  layers: readonly HotLayer[],
  prefix: string,
  after: string,
  limit: number,
): Promise<StreamPath[]> {
  const from = comparePaths(after, prefix) > 0 ? after : prefix
  const stored = new StoredPaths(await MergeCursor.seek(tables, Buffer.from(from)))
  const hot = layers.map((layer) => new HotPaths(layer, from))
  const paths: StreamPath[] = []
  while (paths.length < limit) {
    let path = await stored.path()
    for (const { path: candidate } of hot) {
      if (candidate !== null && (path === null || comparePaths(candidate, path) < 0)) path = candidate
    }
    if (path?.startsWith(prefix) !== true) break
    const isInTables = await stored.stepOver(path)
    const layer = hot.find((candidates) => candidates.path === path)?.layer
    const exists = layer === undefined ? isInTables : isStream(layer.get(path))
    for (const candidates of hot) candidates.stepOver(path)
    if (exists && path !== after) paths.push(path)
  }
  return paths
}

class HotPaths {
  readonly layer: HotLayer
  readonly #paths: readonly StreamPath[]
  #at: number

  constructor(layer: HotLayer, from: string) {
    this.layer = layer
    this.#paths = layer.sortedPaths()
    this.#at = firstAtLeast(this.#paths, from)
  }

  get path(): StreamPath | null {
    return this.#paths[this.#at] ?? null
  }

  stepOver(path: StreamPath): void {
    if (this.path === path) this.#at++
  }
}

class StoredPaths {
  readonly #cursor: MergeCursor

  constructor(cursor: MergeCursor) {
    this.#cursor = cursor
  }

  /** The next path, of a removed stream, too. */
  async path(): Promise<StreamPath | null> {
    for (;;) {
      const { row } = this.#cursor
      if (row === null) return null
      if (row.key.length === 0) return row.path.toString() as StreamPath
      await this.#cursor.stepOver(row)
    }
  }

  /** Goes on if it stands at a path; true when there is a stream. */
  async stepOver(path: StreamPath): Promise<boolean> {
    const { row } = this.#cursor
    if (row?.path.toString() !== path) return false
    await this.#cursor.stepOver(row)
    return decodeHead(row.value).record !== null
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
