import type { ContentKind } from '../protocol/content-type.js'
import type { Offset } from '../protocol/branded.js'
import type { Page } from './page-reader.js'
import type { StreamRecord } from '../store/record.js'
import { contentKindOf } from '../protocol/content-type.js'
import { offsetAt } from '../decide/stream-state.js'

/** How many frames of a batch are kept. */
const MAX_FRAMES = 256

/**
 * Fresh bytes of a stream on their way to its live readers. All readers at one position get the same object, and
 * what one of them makes of its bytes is kept for the others.
 */
export class LiveBatch implements Page {
  readonly from: number
  readonly to: number
  readonly pieces: readonly Uint8Array[]
  readonly kind: ContentKind
  /** The offset to go on from. */
  readonly next: Offset
  readonly reachesTail: boolean
  /** Whether the stream is closed and this is its end. */
  readonly closed: boolean
  readonly #frames = new Map<string, Uint8Array>()

  constructor(record: StreamRecord, page: Page) {
    this.from = page.from
    this.to = page.to
    this.pieces = page.pieces
    this.kind = contentKindOf(record.contentType)
    this.next = offsetAt(record, page.to)
    this.reachesTail = page.reachesTail
    this.closed = record.closed && page.to === record.tail
  }

  /** What `make` makes of the batch, made once per key, as long as there are not too many keys. */
  frame(key: string, make: (batch: LiveBatch) => Uint8Array): Uint8Array {
    let frame = this.#frames.get(key)
    if (frame === undefined) {
      frame = make(this)
      if (this.#frames.size < MAX_FRAMES) this.#frames.set(key, frame)
    }
    return frame
  }
}

/** Why a live reader's read came to its end. */
export type LiveEnd =
  /** The stream is closed and was read to its end. */
  | 'closed'
  /** The stream was deleted or has expired. */
  | 'deleted'
  /** The store failed; reading on from the last offset may succeed. */
  | 'failed'
  /** The engine is stopping. */
  | 'stopped'

/** Somebody who reads a stream as it grows. */
export interface LiveReader {
  /**
   * Takes the next bytes; batches follow each other without gap or repeat. The first one may be empty: it tells
   * where the reader is. Returns false when no more can be taken for now; nothing is delivered until
   * {@link LiveRead.resume}, and nothing is buffered.
   */
  deliver(batch: LiveBatch): boolean
  /** Called once, after the last batch, unless the reader stopped by itself. */
  end(reason: LiveEnd): void
}

/** A live read that goes on. */
export interface LiveRead {
  /** Says that the reader can take more: at the beginning, and after each `deliver` that returned false. */
  resume(): void
  /** Ends the read; neither `deliver` nor `end` is called after that. */
  stop(): void
}
