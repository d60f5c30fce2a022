import type { Argument } from './redis-link.js'
import type { StreamChange, StreamRecord, Version } from '@ds/core'
import { chunkCount, chunkRanges } from './chunk-layout.js'
import { storedVersionOf } from './stream-version.js'
import { writeRecord } from './record-text.js'
import { isAscii } from 'node:buffer'
import { dueAt, totalLength, vanishesAt } from '@ds/core'

/** What a commit adds to one chunk. */
export interface ChunkAppend {
  readonly index: number
  readonly offset: number
  readonly fills: boolean
  readonly bytes: Argument
}

/** The parts of a commit that are the same wherever it is sent. */
export interface CommitPlan {
  readonly appends: readonly ChunkAppend[]
  /** The arguments of the script from the expected version on. */
  argsFor(blobId: string, takesTurn: boolean): Argument[]
}

/** What does not depend on the stream. */
export interface CommitConstants {
  readonly expiryMarginMs: number
  readonly rememberMs: number
  readonly publishCommand: string
  /** Tells this node from others. */
  readonly node: string
}

/** Lays out a commit for the script. */
export function planCommit(
  path: string,
  blobPrefix: string,
  expected: Version | null,
  change: StreamChange,
  constants: CommitConstants,
): CommitPlan {
  const { record } = change
  const appends = record === null ? [] : layOut(record, change.bytes)
  return {
    appends,
    argsFor: (blobId, takesTurn) => {
      const args: Argument[] = [
        expected === null ? '' : storedVersionOf(String(expected)),
        change.commitId,
        path,
        record === null ? '' : change.commutes === true ? '=' : writeRecord(record),
        record === null ? '' : record.streamId,
        blobId,
        optional(change.touchedAt),
        record === null ? '' : String(change.touchedAt ?? record.createdAt),
        optional(change.ifTouchedAt),
        record === null ? '' : momentsOf(record),
        blobPrefix,
        record === null ? '0' : String(chunkCount(record.tail - record.base)),
        String(constants.expiryMarginMs),
        String(constants.rememberMs),
        record === null ? '' : String(record.tail),
        constants.publishCommand,
        record === null ? '0' : String(record.base),
        String(appends.length),
        constants.node,
        takesTurn ? '1' : '',
      ]
      for (const { offset, fills, bytes } of appends) args.push(String(offset), fills ? '1' : '', bytes)
      for (const [key, value] of change.entries)
        args.push(value === null ? `-${key}` : `+${key}`, value ?? '')
      return args
    },
  }
}

/**
 * The four moments that the scripts know a record by: when it is due and when nobody needs it any more, each as a
 * fixed moment and as a time after it was last used. Both are the earlier of the two, so two looks reveal them.
 */
export function momentsOf(record: StreamRecord): string {
  if (dueAt(record, 0) === Infinity) return ''
  const parts = [dueAt, vanishesAt].flatMap((momentOf) => {
    const fixed = momentOf(record, Infinity)
    const window = momentOf(record, 0)
    return [moment(fixed), window === fixed ? '-' : moment(window)]
  })
  return parts.join(' ')
}

function moment(ms: number): string {
  return ms === Infinity ? '-' : String(ms)
}

function optional(ms: number | null): string {
  return ms === null ? '' : String(ms)
}

/** Bytes as one argument. */
export function asArgument(pieces: readonly Uint8Array[], length: number): Argument {
  return asText(join(pieces, length))
}

function layOut(record: StreamRecord, pieces: readonly Uint8Array[]): ChunkAppend[] {
  const length = totalLength(pieces)
  if (length === 0) return []
  const bytes = join(pieces, length)
  let taken = 0
  return chunkRanges(record.tail - record.base - length, length).map(
    ({ index, offset, length: part, fills }) => {
      const piece = bytes.subarray(taken, taken + part)
      taken += part
      return { index, offset, fills, bytes: asText(piece) }
    },
  )
}

function join(pieces: readonly Uint8Array[], length: number): Buffer {
  const first = pieces[0]!
  return pieces.length === 1
    ? Buffer.from(first.buffer, first.byteOffset, first.length)
    : Buffer.concat(pieces, length)
}

/** Bytes that are text anyway are sent as text, which the client library handles faster. */
function asText(bytes: Buffer): Argument {
  return isAscii(bytes) ? bytes.toString('latin1') : bytes
}
