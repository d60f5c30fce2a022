import type { CommitNames } from './commit-name.js'
import type { HotStream } from './hot-stream.js'
import type { RecordPatterns } from './record-pattern.js'
import { ByteArena } from './byte-arena.js'
import { sortByPath } from './path-order.js'

/** The streams that changed between two checkpoints, and memory for the bytes that came meanwhile. */
export class HotLayer {
  readonly patterns: RecordPatterns
  readonly commitNames: CommitNames
  readonly arena: ByteArena = new ByteArena()
  /** Bytes that were added to streams. */
  bytes = 0
  readonly #streams: HotStream[] = []
  #sorted: readonly HotStream[] | null = null

  /** @param patterns and what else streams have in common, beyond this layer */
  constructor(patterns: RecordPatterns, commitNames: CommitNames) {
    this.patterns = patterns
    this.commitNames = commitNames
  }

  /** How many streams have changed. */
  get size(): number {
    return this.#streams.length
  }

  get streams(): readonly HotStream[] {
    return this.#streams
  }

  /** Adds a stream that has not changed in this layer before. */
  add(stream: HotStream): void {
    this.#streams.push(stream)
    this.#sorted = null
  }

  /** The streams in the order of their paths. */
  sorted(): readonly HotStream[] {
    return (this.#sorted ??= sortByPath([...this.#streams]))
  }
}
