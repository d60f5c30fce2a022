import type { Step } from './hot-stream.js'
import type { StreamPath } from '@ds/core'
import type { Extent, TableHead } from './table-format.js'
import { HotLayer } from './hot-layer.js'
import { CommitNames } from './commit-name.js'
import { HotStream } from './hot-stream.js'
import { PathCache } from './path-cache.js'
import { RecordPatterns } from './record-pattern.js'
import { dueAt } from '@ds/core'

/** So many streams are settled before others have their turn. */
const SETTLED_AT_ONCE = 1024
/** How many streams are looked at to find some that can be let go of. */
const EVICTION_LOOKS = 8

/**
 * The streams in memory: all that changed since the tables were written, in the active layer or in the sealed one that
 * is being stored, and of the others those that were used last.
 */
export class StreamMemory {
  readonly #patterns = new RecordPatterns()
  readonly #commitNames = new CommitNames()
  active: HotLayer = this.#newLayer()
  sealed: HotLayer | null = null
  readonly #streams = new Map<StreamPath, HotStream>()
  /** What was asked for last, for as long as it is there. */
  #lastPath: StreamPath | null = null
  #last: HotStream | undefined
  readonly #found = new PathCache<HotStream>()
  readonly #maxKept: number
  /** Goes round and round, and lets go of what was not used since it came by last. */
  #hand = this.#streams.values()
  /** Changed streams that can become due; the ones looked at go to the end. */
  readonly #dueCandidates = new Set<HotStream>()

  /** @param maxKept from how many streams on those are let go of that have nothing to be stored */
  constructor(maxKept: number) {
    this.#maxKept = maxKept
  }

  get(path: StreamPath): HotStream | undefined {
    // A load is followed by a commit, mostly.
    if (path === this.#lastPath) return this.#last
    let stream = this.#found.find(path)
    if (stream === undefined) {
      stream = this.#streams.get(path)
      if (stream === undefined) return undefined
      this.#found.keep(stream, this.#streams.size)
    }
    stream.wasUsed = true
    this.#lastPath = path
    return (this.#last = stream)
  }

  /** As `get`, for work that is no use of the stream. */
  peek(path: StreamPath): HotStream | undefined {
    return this.#streams.get(path)
  }

  /** Keeps at hand what the tables say of a path. */
  add(path: StreamPath, head: TableHead | null): HotStream {
    if (this.#streams.size >= this.#maxKept) this.#makeRoom()
    const stream = new HotStream(ownText(path), head, this.#patterns)
    this.#streams.set(stream.path, stream)
    this.#found.keep(stream, this.#streams.size)
    return stream
  }

  apply(stream: HotStream, step: Step, version: number): void {
    stream.apply(step, version, stream.changeIn(this.active))
    this.noteDue(stream)
  }

  touch(stream: HotStream, now: number): void {
    stream.changeIn(this.active)
    stream.touchedAt = Math.max(now, stream.touchedAt)
    this.noteDue(stream)
  }

  /** Starts a new active layer; the one before it does not change any more. */
  seal(): void {
    this.sealed = this.active
    this.active = this.#newLayer()
  }

  /**
   * From now on the tables have the sealed layer. What it has of a stream stays right until that was told so, thus
   * others have their turn in between.
   */
  async settle(rest: () => Promise<void>): Promise<void> {
    let count = 0
    for (const stream of this.sealed?.streams ?? []) {
      if (++count % SETTLED_AT_ONCE === 0) await rest()
      stream.settle()
      if (stream.hasChanged) continue
      if (stream.canBeDue) this.#dueCandidates.delete(stream)
      stream.canBeDue = false
      const isWanted = stream.exists() && this.#streams.size <= this.#maxKept
      if (stream.isIdle && !isWanted) this.#letGo(stream)
    }
    this.sealed = null
  }

  /** Notes that bytes of a stream that the tables have are elsewhere now. */
  move(path: StreamPath, extents: readonly Extent[]): void {
    const stream = this.#streams.get(path)
    if (stream !== undefined) stream.extents = extents
  }

  /** Paths of changed streams that are due, among the next `looks` that can be. */
  due(now: number, limit: number, looks: number): StreamPath[] {
    const paths: StreamPath[] = []
    let left = Math.min(looks, this.#dueCandidates.size)
    for (const stream of this.#dueCandidates) {
      if (left-- <= 0 || paths.length === limit) break
      this.#dueCandidates.delete(stream)
      this.#dueCandidates.add(stream)
      if (stream.exists() && dueAt(stream.pattern, stream.touchedAt) <= now) paths.push(stream.path)
    }
    return paths
  }

  noteDue(stream: HotStream): void {
    const canBeDue = stream.exists() && dueAt(stream.pattern, stream.touchedAt) !== Infinity
    if (canBeDue === stream.canBeDue) return
    stream.canBeDue = canBeDue
    if (canBeDue) this.#dueCandidates.add(stream)
    else this.#dueCandidates.delete(stream)
  }

  clear(): void {
    this.#streams.clear()
    this.#found.clear()
    this.#lastPath = null
    this.#dueCandidates.clear()
  }

  #letGo(stream: HotStream): void {
    this.#streams.delete(stream.path)
    this.#found.forget(stream)
    this.#lastPath = null
  }

  #newLayer(): HotLayer {
    return new HotLayer(this.#patterns, this.#commitNames)
  }

  #makeRoom(): void {
    for (let looks = 0; looks < EVICTION_LOOKS; looks++) {
      const next = this.#hand.next()
      if (next.done === true) {
        this.#hand = this.#streams.values()
        continue
      }
      const stream = next.value
      if (!stream.isIdle) continue
      if (stream.wasUsed) stream.wasUsed = false
      else this.#letGo(stream)
      if (this.#streams.size < this.#maxKept) return
    }
  }
}

/** The same text in memory of its own: a path is a part of the URL that it came in, which would be kept as well. */
function ownText(path: StreamPath): StreamPath {
  const text = Buffer.from(path).toString()
  return text === path ? (text as StreamPath) : path
}
