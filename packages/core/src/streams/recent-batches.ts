import type { LiveBatch } from './live-batch.js'
import type { StreamRecord } from '../store/record.js'
import { totalLength } from '../framing/bytes.js'

/** How much is kept, in bytes of streams; what readers make of them takes about as much again. */
const MOST_BYTES = 16 << 20
/** Readers that fall behind are given long batches; short ones are not asked for twice. */
const LEAST_BYTES = 8 << 10

/**
 * The long batches that were made last. Many readers of one stream fall behind together, when an append is longer than
 * their sockets take at once, and then ask for the same batches one after the other.
 */
export class RecentBatches {
  readonly #batches = new Map<string, LiveBatch>()
  #bytes = 0

  /** The batch that begins at a position, if it is kept and would be made alike now. */
  find(record: StreamRecord, from: number): LiveBatch | null {
    const batch = this.#batches.get(keyOf(record, from))
    if (batch === undefined) return null
    const isLast = batch.to === record.tail
    return batch.reachesTail === isLast && batch.closed === (isLast && record.closed) ? batch : null
  }

  keep(record: StreamRecord, batch: LiveBatch): void {
    const length = totalLength(batch.pieces)
    if (length < LEAST_BYTES || length > MOST_BYTES / 4) return
    this.#drop(keyOf(record, batch.from))
    this.#batches.set(keyOf(record, batch.from), batch)
    this.#bytes += length
    for (const oldest of this.#batches.keys()) {
      if (this.#bytes <= MOST_BYTES) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const batch = this.#batches.get(key)
    if (batch === undefined) return
    this.#batches.delete(key)
    this.#bytes -= totalLength(batch.pieces)
  }
}

function keyOf({ streamId }: StreamRecord, from: number): string {
  return `${streamId}:${from}`
}
