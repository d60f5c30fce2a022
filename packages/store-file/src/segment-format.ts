import type { Extent } from './table-format.js'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'
import { segmentName } from './layout.js'

/**
 * A segment holds extents of many streams one after the other, then a JSON list of their paths, then a trailer: the
 * magic number, the CRC-32 and the length of the list. The bytes of an extent are stored in blocks, each behind
 * its CRC-32; blocks count from the start of the extent.
 */
export const BLOCK_BYTES: number = 32 << 10
export const SUM_BYTES = 4
export const STORED_BLOCK_BYTES: number = BLOCK_BYTES + SUM_BYTES
export const TRAILER_BYTES = 16
export const SEGMENT_MAGIC = 0x53474d54

/** The blocks that hold a part of an extent. */
export interface BlockRange {
  readonly segment: number
  /** Where they begin in the segment. */
  readonly offset: number
  /** How long they are there. */
  readonly length: number
  /** The part itself, as positions in the extent. */
  readonly from: number
  readonly to: number
}

/** Where the bytes of an extent are from a position of the stream on, at most `limitBytes`. */
export function blocksOf(extent: Extent, position: number, limitBytes: number): BlockRange {
  const from = position - extent.position
  const to = Math.min(extent.length, from + limitBytes)
  const first = Math.floor(from / BLOCK_BYTES)
  const last = Math.floor((to - 1) / BLOCK_BYTES)
  const lastEnd = Math.min(extent.length, (last + 1) * BLOCK_BYTES)
  const length = lastEnd - first * BLOCK_BYTES + (last - first + 1) * SUM_BYTES
  return { segment: extent.segment, offset: extent.offset + first * STORED_BLOCK_BYTES, length, from, to }
}

/** The part that blocks were read for. Throws a StoreError `corrupt` when they are not what was written. */
export function openBlocks(stored: Uint8Array, { segment, from, to }: BlockRange): Uint8Array[] {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length)
  const pieces: Uint8Array[] = []
  let start = Math.floor(from / BLOCK_BYTES) * BLOCK_BYTES
  for (let at = 0; at < stored.length; at += STORED_BLOCK_BYTES) {
    const content = stored.subarray(at + SUM_BYTES, at + STORED_BLOCK_BYTES)
    if (view.getUint32(at, true) !== crc32(content)) throw damaged(segment)
    pieces.push(content.subarray(Math.max(0, from - start), to - start))
    start += BLOCK_BYTES
  }
  return pieces
}

export function damaged(segment: number): StoreError {
  return new StoreError('corrupt', `${segmentName(segment)} is damaged`)
}
