import type { HotLayer } from './hot-layer.js'
import type { HotStream } from './hot-stream.js'
import type { StreamPath } from '@ds/core'
import type { TableReader } from './table-reader.js'
import { MergeCursor } from './table-set.js'
import { comparePaths } from '@ds/core'
import { decodeHead } from './table-format.js'

/**
 * Paths of streams in order, merged from memory and tables, without holding more of them than are asked for.
 *
 * @param layers what is in them hides tables
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
  const hot = layers.map((layer) => new HotPaths(layer.sorted(), from))
  const paths: StreamPath[] = []
  while (paths.length < limit) {
    let path = await stored.path()
    for (const { path: candidate } of hot) {
      if (candidate !== null && (path === null || comparePaths(candidate, path) < 0)) path = candidate
    }
    if (path?.startsWith(prefix) !== true) break
    let exists = await stored.stepOver(path)
    for (const candidates of hot) exists = candidates.stepOver(path) ?? exists
    if (exists && path !== after) paths.push(path)
  }
  return paths
}

class HotPaths {
  readonly #streams: readonly HotStream[]
  #at: number

  constructor(streams: readonly HotStream[], from: string) {
    this.#streams = streams
    this.#at = firstAtLeast(streams, from)
  }

  get path(): StreamPath | null {
    return this.#streams[this.#at]?.path ?? null
  }

  /** Goes on if it stands at a path; tells whether there is a stream, which is newer than what tables say. */
  stepOver(path: StreamPath): boolean | undefined {
    const stream = this.#streams[this.#at]
    if (stream?.path !== path) return undefined
    this.#at++
    return stream.exists()
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
      if (row.isHead) return row.path.toString() as StreamPath
      await this.#cursor.stepOn()
    }
  }

  /** Goes on if it stands at a path; true when there is a stream. */
  async stepOver(path: StreamPath): Promise<boolean> {
    const { row } = this.#cursor
    if (row?.path.toString() !== path) return false
    await this.#cursor.stepOn()
    return decodeHead(row.value).record !== null
  }
}

/** The index of the first stream whose path is not before `wanted`, by halving. */
function firstAtLeast(streams: readonly HotStream[], wanted: string): number {
  let low = 0
  let high = streams.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (comparePaths(streams[middle]!.path, wanted) < 0) low = middle + 1
    else high = middle
  }
  return low
}
