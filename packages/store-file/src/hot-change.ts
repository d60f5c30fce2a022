import type { Extent } from './table-format.js'
import type { HotLayer } from './hot-layer.js'
import type { StreamHead } from './hot-stream.js'
import { ByteLog } from './byte-log.js'

const NO_EXTENTS: readonly Extent[] = []
/** How many are kept to be used again. */
const MAX_SPARE = 131_072

/** What has changed of a stream while a layer was the active one. */
export class HotChange {
  /** Null while it belongs to no stream. */
  layer: HotLayer | null
  /** Whether the incarnation began in this layer, so that nothing below belongs to it. */
  isWhole = false
  /** Bytes that were added; null while there are none. */
  log: ByteLog | null = null
  /** Entries that were set or removed; null while there are none. */
  entries: Map<string, string | null> | null = null
  /** The stream as it was when the layer was sealed; null while that is what it is now. */
  head: StreamHead | null = null
  /** Where the stream's bytes are once the layer has been stored. */
  extents: readonly Extent[] = NO_EXTENTS
  readonly #log = new ByteLog()

  constructor(layer: HotLayer) {
    this.layer = layer
  }

  /**
   * Adds bytes.
   *
   * @param from the position of the first ones of this change
   * @param expectedBytes about how many will come in all
   */
  addBytes(pieces: readonly Uint8Array[], from: number, expectedBytes: number): void {
    for (const piece of pieces) {
      if (this.log === null) {
        this.log = this.#log
        this.log.begin(from, expectedBytes)
      }
      this.log.append(piece, this.layer!.arena)
    }
  }

  /** Lets go of everything. */
  clear(): void {
    this.layer = null
    this.isWhole = false
    this.log = null
    this.entries = null
    this.head = null
    this.extents = NO_EXTENTS
    this.#log.begin(0, 0)
  }
}

/**
 * Changes that have been stored, for streams that change next. Otherwise each stream would have a new one after every
 * checkpoint, and objects that live that long are what the garbage collector has most work with.
 */
export class SpareChanges {
  readonly #spare: HotChange[] = []

  take(layer: HotLayer): HotChange {
    const change = this.#spare.pop()
    if (change === undefined) return new HotChange(layer)
    change.layer = layer
    return change
  }

  /** Keeps a change that nobody uses any more. */
  give(change: HotChange): void {
    if (this.#spare.length >= MAX_SPARE) return
    change.clear()
    this.#spare.push(change)
  }
}
