import type { StreamId, StreamPath, StreamRecord } from '@ds/core'
import { StoreError } from '@ds/core'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Database, type RootDatabase, open } from 'lmdb'

/** What is kept of a stream besides its bytes and entries. */
export interface Head {
  readonly record: StreamRecord
  readonly version: number
  readonly commitId: string
  readonly touchedAt: number
  /** How long its last chunk is; 0 when it has no bytes. */
  readonly lastChunk: number
}

/** One LMDB environment, with a B-tree for each kind of thing. */
export interface Tables {
  readonly env: RootDatabase
  /** By path, in the order of UTF-8. */
  readonly streams: Database<Head, Buffer>
  /** By incarnation and the position of their end: a read finds its first chunk without touching the ones before. */
  readonly chunks: Database<Buffer, Buffer>
  /** By incarnation and a digest of the key, because keys of LMDB are short. */
  readonly entries: Database<string, Buffer>
  /** Paths by the moment at which they are due. */
  readonly due: Database<string, Buffer>
  /** Incarnations that are gone, and whose chunks and entries still have to go. */
  readonly garbage: Database<string, Buffer>
  /** The version of the last commit to any stream. */
  readonly meta: Database<number, Buffer>
}

const LMDB_MAGIC = Buffer.from('dec0efbe', 'hex')
/** Sorts behind everything that an incarnation has. */
export const LAST: Buffer = Buffer.of(0xff)

export async function openTables(path: string): Promise<Tables> {
  // lmdb takes the process down with it when the file is none of its own.
  const start = await readStart(join(path, 'data.mdb'))
  if (start.length > 0 && !start.includes(LMDB_MAGIC)) throw new StoreError('corrupt', `${path} is no LMDB`)
  // A commit must not be seen before it is on the disk (overlappingSync). Pages of 8 KiB allow keys of 4,026 bytes;
  // the longest paths have 3 KiB. Batches by turns of the event loop have a promise that nobody can catch.
  const options = { noSubdir: false, pageSize: 8192, overlappingSync: false, eventTurnBatching: false }
  const env = open({ path, ...options })
  const table = <V>(name: string, encoding: 'json' | 'binary' | 'string'): Database<V, Buffer> =>
    env.openDB<V, Buffer>({ name, encoding, keyEncoding: 'binary' })
  return {
    env,
    streams: table('streams', 'json'),
    chunks: table('chunks', 'binary'),
    entries: table('entries', 'string'),
    due: table('due', 'string'),
    garbage: table('garbage', 'string'),
    meta: table('meta', 'json'),
  }
}

async function readStart(file: string): Promise<Buffer> {
  const stream = createReadStream(file, { end: 63 })
  return Buffer.concat((await stream.toArray().catch(() => [])) as Buffer[])
}

/** The key of a path or an incarnation. */
export function textKey(text: StreamPath | StreamId): Buffer {
  return Buffer.from(text)
}

export function chunkKey(streamId: StreamId, end: number): Buffer {
  return Buffer.concat([textKey(streamId), ordered(end)])
}

/** The position in a key of {@link chunkKey}. */
export function endOf(key: Buffer): number {
  return key.readDoubleBE(key.length - 8)
}

export function entryKey(streamId: StreamId, key: string): Buffer {
  return Buffer.concat([textKey(streamId), createHash('sha256').update(key).digest()])
}

/** What is due before 1970 is due at any time. Without a stream it is the end of what is due at the moment. */
export function dueKey(moment: number, streamId?: StreamId): Buffer {
  return Buffer.concat([ordered(Math.max(0, moment)), streamId === undefined ? LAST : textKey(streamId)])
}

/** Bytes that sort as the numbers do; none of them is negative. */
function ordered(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(number)
  return bytes
}
