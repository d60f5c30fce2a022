import type { Step } from './hot-stream.js'
import type { StreamPath } from '@ds/core'
import type { Extent, TableHead } from './table-format.js'
import { HotLayer } from './hot-layer.js'
import { HotStream } from './hot-stream.js'
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
  active: HotLayer = new HotLayer()
  sealed: HotLayer | null = null
  readonly #streams = new Map<StreamPath, HotStream>()
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
    const stream = this.#streams.get(path)
    if (stream !== undefined) stream.wasUsed = true
    return stream
  }

  /** As `get`, for work that is no use of the stream. */
  peek(path: StreamPath): HotStream | undefined {
    return this.#streams.get(path)
  }

  /** Keeps at hand what the tables say of a path. */
  add(path: StreamPath, head: TableHead | null): HotStream {
    if (this.#streams.size >= this.#maxKept) this.#makeRoom()
    const stream = new HotStream(path, head)
    this.#streams.set(path, stream)
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
    this.active = new HotLayer()
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
      const isWanted = stream.record !== null && this.#streams.size <= this.#maxKept
      if (stream.isIdle && !isWanted) this.#streams.delete(stream.path)
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
      if (dueAt(stream.record!, stream.touchedAt) <= now) paths.push(stream.path)
    }
    return paths
  }

  noteDue(stream: HotStream): void {
    const canBeDue = stream.record !== null && dueAt(stream.record, stream.touchedAt) !== Infinity
    if (canBeDue === stream.canBeDue) return
    stream.canBeDue = canBeDue
    if (canBeDue) this.#dueCandidates.add(stream)
    else this.#dueCandidates.delete(stream)
  }

  clear(): void {
    this.#streams.clear()
    this.#dueCandidates.clear()
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
      else this.#streams.delete(stream.path)
      if (this.#streams.size < this.#maxKept) return
    }
  }
}
