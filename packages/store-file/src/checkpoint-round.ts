import type { Extent } from './table-format.js'
import type { FileSystem } from './file-system.js'
import type { ByteLog } from './byte-log.js'
import type { SegmentFiles } from './segments.js'
import type { SegmentUse } from './manifest.js'
import { BLOCK_BYTES } from './segment-format.js'
import { SegmentUses } from './segment-uses.js'
import { SegmentReadAhead } from './segment-read-ahead.js'
import { SegmentWriter } from './segment-writer.js'
import { StoreError } from '@ds/core'
import { TableWriter } from './table-writer.js'

/** Larger extents are left alone; so long streams are not copied again and again. */
const LARGEST_EXTENT = 32 << 20
const COPY_BYTES = 1 << 20
const NO_EXTENTS: readonly Extent[] = []

/** One table and one segment in the making, and what they change in the use of older segments. */
export class CheckpointRound {
  readonly table: TableWriter
  readonly uses: SegmentUses
  readonly #fileSystem: FileSystem
  readonly #segments: SegmentReadAhead
  readonly #segmentId: number
  #writer: SegmentWriter | null = null
  /** Segments that are to be given back, so that what is in them is taken along. */
  readonly #leaving: ReadonlySet<number>

  private constructor(
    fileSystem: FileSystem,
    segments: SegmentFiles,
    table: TableWriter,
    segmentId: number,
    uses: readonly SegmentUse[],
    leaving: ReadonlySet<number>,
  ) {
    this.#fileSystem = fileSystem
    this.#segments = new SegmentReadAhead(segments)
    this.table = table
    this.#segmentId = segmentId
    this.uses = new SegmentUses(uses)
    this.#leaving = leaving
  }

  static async begin(
    fileSystem: FileSystem,
    segments: SegmentFiles,
    ids: { table: number; segment: number },
    uses: readonly SegmentUse[],
    leaving: ReadonlySet<number>,
  ): Promise<CheckpointRound> {
    return new CheckpointRound(
      fileSystem,
      segments,
      await TableWriter.create(fileSystem, ids.table),
      ids.segment,
      uses,
      leaving,
    )
  }

  /**
   * Stores a stream's new bytes behind its older ones. Extents that are not longer than what follows them are
   * joined to it, so that a stream that grows a little at a time has few of them, and each byte is copied rarely.
   * Extents of segments that are to be given back come along.
   */
  addBytes(
    path: string,
    log: ByteLog,
    extents: readonly Extent[],
  ): readonly Extent[] | Promise<readonly Extent[]> {
    let kept = extents.length
    let { length } = log
    for (; kept > 0; kept--) {
      const extent = extents[kept - 1]!
      const isWorthIt = extent.length <= length || this.#leaving.has(extent.segment)
      if (!isWorthIt || extent.length + length > LARGEST_EXTENT) break
      length += extent.length
    }
    const joined = kept === extents.length ? NO_EXTENTS : extents.slice(kept)
    const extent = this.#writeShort(path, joined, log, length)
    if (extent === undefined) return this.#addLong(path, log, extents, joined)
    return kept === 0 ? [extent] : [...extents.slice(0, kept), extent]
  }

  async #addLong(
    path: string,
    log: ByteLog,
    extents: readonly Extent[],
    joined: readonly Extent[],
  ): Promise<readonly Extent[]> {
    const kept = extents.slice(0, extents.length - joined.length)
    try {
      return [...kept, await this.#write(path, joined, log)]
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'corrupt' || joined.length === 0) throw error
      // Damaged bytes stay where they are, so that they are found damaged by whoever reads them.
      return [...extents, await this.#write(path, [], log)]
    }
  }

  /** Copies extents of one stream that follow each other into one. */
  copyBytes(path: string, extents: readonly Extent[]): Promise<Extent> {
    return this.#write(path, extents, null)
  }

  /** Makes everything durable; only a manifest is missing. */
  async finish(): Promise<void> {
    await this.table.finish()
    if (this.#writer === null) return
    await this.#writer.finish()
    this.uses.add(this.#segmentId, this.#writer.bytes)
  }

  async abandon(): Promise<void> {
    await this.table.abandon()
    await this.#writer?.abandon()
  }

  /** What most streams have fits into one block and is at hand; undefined where it does not, or is not. */
  #writeShort(path: string, joined: readonly Extent[], log: ByteLog, length: number): Extent | undefined {
    if (this.#writer === null || this.#writer.isFull || length > BLOCK_BYTES) return undefined
    const pieces: Uint8Array[] = []
    for (const extent of joined) {
      const piece = this.#segments.atHand(extent)
      if (piece === undefined) return undefined
      pieces.push(piece)
    }
    pieces.push(...log.read(log.from, Infinity))
    const extent = this.#writer.addShort(path, joined[0]?.position ?? log.from, length, pieces)
    this.uses.release(joined)
    return extent
  }

  async #write(path: string, extents: readonly Extent[], log: ByteLog | null): Promise<Extent> {
    const writer = (this.#writer ??= await SegmentWriter.create(this.#fileSystem, this.#segmentId))
    if (writer.isFull) await writer.flush()
    const joined = extents.reduce((sum, extent) => sum + extent.length, 0)
    const length = joined + (log?.length ?? 0)
    writer.begin(path, extents[0]?.position ?? log!.from, length)
    for (const extent of extents) await this.#copy(extent, writer)
    for (const piece of log?.read(log.from, Infinity) ?? []) {
      const writing = writer.add(piece)
      if (writing !== undefined) await writing
    }
    const extent = await writer.end()
    this.uses.release(extents)
    return extent
  }

  async #copy(extent: Extent, writer: SegmentWriter): Promise<void> {
    const end = extent.position + extent.length
    for (let from = extent.position; from < end;) {
      const reading = this.#segments.read(extent, from, COPY_BYTES)
      const pieces = reading instanceof Promise ? await reading : reading
      if (pieces === null) throw new StoreError('corrupt', 'a segment is missing')
      for (const piece of pieces) {
        const writing = writer.add(piece)
        if (writing !== undefined) await writing
        from += piece.length
      }
    }
  }
}
