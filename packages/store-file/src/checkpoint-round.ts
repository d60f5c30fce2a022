import type { Extent } from './table-format.js'
import type { FileSystem } from './file-system.js'
import type { ByteLog } from './byte-log.js'
import type { SegmentFiles } from './segments.js'
import type { SegmentUse } from './manifest.js'
import { SegmentUses } from './segment-uses.js'
import { SegmentReadAhead } from './segment-read-ahead.js'
import { SegmentWriter } from './segment-writer.js'
import { StoreError } from '@ds/core'
import { TableWriter } from './table-writer.js'

/** Larger extents are left alone; so long streams are not copied again and again. */
const LARGEST_EXTENT = 32 << 20
const COPY_BYTES = 1 << 20

/** One table and one segment in the making, and what they change in the use of older segments. */
export class CheckpointRound {
  readonly table: TableWriter
  readonly uses: SegmentUses
  readonly #fileSystem: FileSystem
  readonly #segments: SegmentReadAhead
  readonly #segmentId: number
  #writer: SegmentWriter | null = null

  private constructor(
    fileSystem: FileSystem,
    segments: SegmentFiles,
    table: TableWriter,
    segmentId: number,
    uses: readonly SegmentUse[],
  ) {
    this.#fileSystem = fileSystem
    this.#segments = new SegmentReadAhead(segments)
    this.table = table
    this.#segmentId = segmentId
    this.uses = new SegmentUses(uses)
  }

  static async begin(
    fileSystem: FileSystem,
    segments: SegmentFiles,
    ids: { table: number; segment: number },
    uses: readonly SegmentUse[],
  ): Promise<CheckpointRound> {
    return new CheckpointRound(
      fileSystem,
      segments,
      await TableWriter.create(fileSystem, ids.table),
      ids.segment,
      uses,
    )
  }

  /**
   * Stores a stream's new bytes behind its older ones. Extents that are not longer than what follows them are
   * joined to it, so that a stream that grows a little at a time has few of them, and each byte is copied rarely.
   */
  async addBytes(path: string, log: ByteLog, extents: readonly Extent[]): Promise<readonly Extent[]> {
    let joined = 0
    let { length } = log
    for (let i = extents.length - 1; i >= 0; i--) {
      const extent = extents[i]!
      if (extent.length > length || extent.length + length > LARGEST_EXTENT) break
      length += extent.length
      joined++
    }
    const kept = extents.slice(0, extents.length - joined)
    try {
      return [...kept, await this.#write(path, extents.slice(kept.length), log)]
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'corrupt' || joined === 0) throw error
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

  async #write(path: string, extents: readonly Extent[], log: ByteLog | null): Promise<Extent> {
    const writer = (this.#writer ??= await SegmentWriter.create(this.#fileSystem, this.#segmentId))
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
