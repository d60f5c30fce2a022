import type { HotChange, SpareChanges } from './hot-change.js'
import type { HotStream } from './hot-stream.js'
import { ByteArena } from './byte-log.js'
import { sortByPath } from './path-order.js'

/** The streams that changed between two checkpoints, and memory for the bytes that came meanwhile. */
export class HotLayer {
  readonly arena: ByteArena = new ByteArena()
  readonly #streams: HotStream[] = []
  #sorted: readonly HotStream[] | null = null
  readonly #spare: SpareChanges

  constructor(spare: SpareChanges) {
    this.#spare = spare
  }

  /** How many streams have changed. */
  get size(): number {
    return this.#streams.length
  }

  get streams(): readonly HotStream[] {
    return this.#streams
  }

  /** Adds a stream that has not changed in this layer before; returns what will be its change. */
  add(stream: HotStream): HotChange {
    this.#streams.push(stream)
    this.#sorted = null
    return this.#spare.take(this)
  }

  /** The streams in the order of their paths. */
  sorted(): readonly HotStream[] {
    return (this.#sorted ??= sortByPath([...this.#streams]))
  }
}
