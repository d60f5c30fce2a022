import type { ContentCoding, Compressor } from './compression.js'
import type { HandlerSettings } from './options.js'
import type { HttpReply, HttpRequest } from './exchange.js'
import type { ReadPage } from '@ds/core'
import { HEADER, formatEtag, matchesEtag, totalLength, wrapJsonArray } from '@ds/core'
import { bare, position } from './replies.js'
import { CompressionLine } from './compression-line.js'
import { chooseCoding, isCompressible } from './compression.js'

/** For how long caches may keep a page, in seconds. @see PROTOCOL §10.1 */
const MAX_AGE_SECONDS = 60
const STALE_SECONDS = 300

/** How a page of a stream is to be sent. */
export interface PageReplyOptions {
  /** The cursor of a live read; null for a catch-up read. */
  readonly cursor: number | null
  /** Whether the page was asked for with `offset=now`, which is never cached. */
  readonly isNow: boolean
  readonly nowMs: number
}

/** Turns pages of a stream into responses: framing, caching, entity tags, compression. @see PROTOCOL §5.6, §10.1 */
export class PageReplies {
  readonly #settings: HandlerSettings
  readonly #compressions: CompressionLine

  constructor(settings: HandlerSettings, compressor: Compressor) {
    this.#settings = settings
    this.#compressions = new CompressionLine(compressor)
  }

  async reply(request: HttpRequest, page: ReadPage, options: PageReplyOptions): Promise<HttpReply> {
    const { stream, next, closed, upToDate } = page
    const pieces = stream.kind === 'json' ? wrapJsonArray(page.pieces) : page.pieces
    const coding = this.#chooseCoding(request, stream.contentType, pieces)
    const headers = [HEADER.contentType, stream.contentType, ...position(next, closed)]
    if (upToDate) headers.push(HEADER.streamUpToDate, 'true')
    if (options.cursor !== null && !closed) headers.push(HEADER.streamCursor, String(options.cursor))
    headers.push('cache-control', options.isNow ? 'no-store' : this.#cacheControl(page, options.nowMs))
    if (this.#settings.compressFromBytes > 0) headers.push('vary', 'accept-encoding')
    if (!options.isNow) {
      const range = { streamId: stream.streamId, from: page.from, to: page.to, closed }
      const etag = formatEtag(range, coding)
      headers.push('etag', etag)
      const ifNoneMatch = request.header('if-none-match')
      if (options.cursor === null && ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) {
        return bare(304, headers)
      }
    }
    // What is stored is not to be taken for a page of this site. @see PROTOCOL §12.7
    headers.push('content-security-policy', "default-src 'none'; sandbox")
    if (coding === null) return { status: 200, headers, body: pieces }
    headers.push('content-encoding', coding)
    let isGone = false
    request.onAbort(() => (isGone = true))
    return { status: 200, headers, body: [await this.#compressions.compress(coding, pieces, () => isGone)] }
  }

  #chooseCoding(
    request: HttpRequest,
    contentType: string,
    pieces: readonly Uint8Array[],
  ): ContentCoding | null {
    const from = this.#settings.compressFromBytes
    if (from === 0 || totalLength(pieces) < from || !isCompressible(contentType)) return null
    if (this.#compressions.isFull) return null
    return chooseCoding(request.header('accept-encoding'), this.#compressions.codings)
  }

  #cacheControl(page: ReadPage, nowMs: number): string {
    const privacy = this.#settings.cachePrivacy
    if (privacy === 'no-store') return 'no-store'
    // An empty page says only that there is nothing yet; kept, it would hide what comes.
    if (page.from === page.to && !page.closed) return 'no-cache'
    const left = Math.max(0, Math.floor((page.stream.deadline - nowMs) / 1000))
    if (left < MAX_AGE_SECONDS + STALE_SECONDS)
      return `${privacy}, max-age=${Math.min(left, MAX_AGE_SECONDS)}`
    return `${privacy}, max-age=${MAX_AGE_SECONDS}, stale-while-revalidate=${STALE_SECONDS}`
  }
}
