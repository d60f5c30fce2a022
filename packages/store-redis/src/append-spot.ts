import type { KeyNames } from './keys.js'
import type { StreamPath, StreamRecord } from '@ds/core'
import { chunkAt } from './chunk-layout.js'
import { encodeArgument } from './encoded-command.js'

/** What an append says of its stream and of where its bytes are expected to go; the same for many of them. */
export class AppendSpot {
  readonly bucket: number
  /** The positions of the chunk's first byte, and of the end of its room. */
  readonly from: number
  readonly to: number
  /** Head, chunk and meta, as encoded arguments. */
  readonly keys: string
  /** The id of the commit that last changed more than the stream's length, and the two positions, encoded as well. */
  readonly start: string

  /** @param at the position of the next byte */
  constructor(
    names: KeyNames,
    path: StreamPath,
    record: StreamRecord,
    blobId: string,
    shapedBy: string,
    at: number,
  ) {
    const { bucket, head } = names.ofStream(path)
    const { index, start, end } = chunkAt(at - record.base)
    this.bucket = bucket
    this.from = record.base + start
    this.to = record.base + end
    const chunk = `${names.chunkPrefix(bucket, blobId)}${index}`
    this.keys = encodeArguments([head, chunk, names.ofBucket(bucket).meta])
    this.start = encodeArguments([shapedBy, String(this.from), String(this.to)])
  }
}

function encodeArguments(texts: readonly string[]): string {
  return texts.map(encodeArgument).join('')
}
