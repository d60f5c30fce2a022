import type { KeyNames } from './keys.js'
import type { StreamPath, StreamRecord } from '@ds/core'
import { chunkAt } from './chunk-layout.js'
import { encodeArgument } from './encoded-command.js'

/** Where the next bytes of a stream go: the chunk that its end is in. */
export interface AppendSpot {
  readonly bucket: number
  /** The position of the chunk's first byte. */
  readonly from: number
  /** The position where its room ends. */
  readonly to: number
  /** Head, chunk and meta, as encoded arguments. */
  readonly keys: string
  /** The two positions, as encoded arguments. */
  readonly range: string
}

/** Finds the chunk of a position that has bytes before it. */
export function findSpot(
  names: KeyNames,
  path: StreamPath,
  record: StreamRecord,
  blobId: string,
  at: number,
): AppendSpot {
  const { bucket, head } = names.ofStream(path)
  const { index, start, end } = chunkAt(at - record.base)
  const from = record.base + start
  const to = record.base + end
  const keys = [head, `${names.chunkPrefix(bucket, blobId)}${index}`, names.ofBucket(bucket).meta]
  const range = [String(from), String(to)]
  return {
    bucket,
    from,
    to,
    keys: keys.map(encodeArgument).join(''),
    range: range.map(encodeArgument).join(''),
  }
}

/** Whether bytes fit in with room to spare, behind others: an empty or a full chunk takes more than an append. */
export function fits(spot: AppendSpot, at: number, length: number): boolean {
  return at > spot.from && at + length < spot.to
}
