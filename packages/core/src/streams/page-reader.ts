import type { ContentKind } from '../protocol/content-type.js'
import type { Environment } from './environment.js'
import type { MaybePromise, StreamStore } from '../store/contract.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import { StoreError } from '../store/contract.js'
import { incompleteUtf8Tail } from '../framing/utf8.js'
import { joinBytes, takeBytes, totalLength } from '../framing/bytes.js'

/** Bytes of a stream from one position to another. */
export interface Page {
  readonly from: number
  readonly to: number
  readonly pieces: readonly Uint8Array[]
  /**
   * Whether nothing more could be read when the page was made. The first bytes of an unfinished character may
   * still be held back.
   */
  readonly reachesTail: boolean
}

/**
 * Where a page may end before the tail: anywhere, only after a whole message, or only after a whole UTF-8
 * character or CRLF.
 */
export type PageCut = 'anywhere' | 'message' | 'character'

const LF = 0x0a
const CR = 0x0d
const LONGEST_UTF8_TAIL = 3

/** Reads byte ranges of streams, through the sources of forks, and cuts them where readers can use them. */
export class PageReader {
  readonly #store: StreamStore
  readonly #environment: Environment

  constructor(store: StreamStore, environment: Environment) {
    this.#store = store
    this.#environment = environment
  }

  /**
   * The page from a position, which is not beyond the tail: about `limitBytes`, or the whole of one longer
   * message. Null when the bytes are gone, because the stream was deleted meanwhile.
   */
  async readPage(
    path: StreamPath,
    record: StreamRecord,
    from: number,
    limitBytes: number,
    cut: PageCut,
  ): Promise<Page | null> {
    for (let limit = limitBytes; ; limit *= 4) {
      const to = Math.min(record.tail, from + limit)
      const pieces = await this.#readRange(path, record, from, to)
      if (pieces === null) return null
      const isWhole = to === record.tail && (cut !== 'character' || record.closed)
      const length = isWhole ? to - from : measureCut(pieces, cut, to < record.tail)
      if (length > 0 || to === record.tail) {
        const kept = length === to - from ? pieces : takeBytes(pieces, length)
        return { from, to: from + length, pieces: kept, reachesTail: to === record.tail }
      }
    }
  }

  /**
   * Whether a message begins at a position; in streams without messages every position is fine. Null when the bytes
   * are gone.
   */
  async isBoundary(
    path: StreamPath,
    record: StreamRecord,
    position: number,
    kind: ContentKind,
  ): Promise<boolean | null> {
    if (kind !== 'json' || position === record.start || position === record.tail) return true
    const before = await this.#readRange(path, record, position - 1, position)
    return before === null ? null : before[0]![0] === LF
  }

  /**
   * The position after `count` messages from a position on; null when there are fewer. Reads page by page, so its
   * memory does not depend on the count.
   */
  async skipMessages(
    path: StreamPath,
    record: StreamRecord,
    from: number,
    count: number,
    pageBytes: number,
  ): Promise<number | null> {
    let position = from
    let left = count
    while (left > 0) {
      if (position === record.tail) return null
      const pieces = await this.#readRange(
        path,
        record,
        position,
        Math.min(record.tail, position + pageBytes),
      )
      if (pieces === null) return null
      for (const piece of pieces) {
        let at = 0
        while (left > 0 && at < piece.length) {
          const lf = piece.indexOf(LF, at)
          at = lf === -1 ? piece.length : lf + 1
          if (lf !== -1) left--
        }
        position += at
        if (left === 0) break
      }
      if (left > 0) await new Promise<void>((resolve) => this.#environment.defer(resolve))
    }
    return position
  }

  async #readRange(
    path: StreamPath,
    record: StreamRecord,
    from: number,
    to: number,
  ): Promise<Uint8Array[] | null> {
    const pieces: Uint8Array[] = []
    let position = from
    while (position < to) {
      const got = await this.#readPart(path, record, position, to)
      if (got === null) return null
      const before = position
      for (const piece of got) {
        pieces.push(piece)
        position += piece.length
      }
      if (position === before)
        throw new StoreError('corrupt', 'the store has fewer bytes than the record says')
    }
    return pieces
  }

  #readPart(
    path: StreamPath,
    record: StreamRecord,
    from: number,
    to: number,
  ): MaybePromise<readonly Uint8Array[] | null> {
    for (const part of record.lineage) {
      if (from < part.end)
        return this.#store.read(part.path, part.streamId, from, Math.min(to, part.end) - from)
    }
    return this.#store.read(path, record.streamId, from, to - from)
  }
}

/** How many of the bytes a page may hold so that it ends where it may; 0 when there is no such place. */
function measureCut(pieces: readonly Uint8Array[], cut: PageCut, hasMore: boolean): number {
  const total = totalLength(pieces)
  if (cut === 'anywhere') return total
  if (cut === 'character') {
    const last = lastBytes(pieces, LONGEST_UTF8_TAIL)
    // A CRLF that is cut in two would become two line breaks.
    if (hasMore && last.at(-1) === CR && total > 1) return total - 1
    return total - incompleteUtf8Tail(last)
  }
  let after = total
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i]!
    const lf = piece.lastIndexOf(LF)
    if (lf !== -1) return after - piece.length + lf + 1
    after -= piece.length
  }
  return 0
}

function lastBytes(pieces: readonly Uint8Array[], count: number): Uint8Array {
  const last: Uint8Array[] = []
  let length = 0
  for (let i = pieces.length - 1; i >= 0 && length < count; i--) {
    last.unshift(pieces[i]!)
    length += pieces[i]!.length
  }
  return last.length === 1 ? last[0]! : joinBytes(last)
}
