import type { BucketServers } from './bucket-servers.js'
import type { CommitMemory } from './commit-memory.js'
import type { Incarnations } from './incarnations.js'
import type { LoadedStream, StreamPath } from '@ds/core'
import type { Recollections } from './recollections.js'
import { formatVersion } from './stream-version.js'
import { readRecord } from './record-text.js'
import { withTail } from '@ds/core'

/** The fields of a head that make a loaded stream; entries follow. */
export const HEAD_FIELDS: readonly string[] = ['v', 'r', 'l', 'g', 't', 'k']

/** What heads are read with. */
export interface HeadReading {
  readonly servers: BucketServers
  readonly memory: CommitMemory
  readonly incarnations: Incarnations
  readonly recollections: Recollections
}

/** Reads the {@link HEAD_FIELDS} of a stream's head, and remembers what it shows. */
export function readHead(
  { servers, memory, incarnations, recollections }: HeadReading,
  bucket: number,
  path: StreamPath,
  fields: readonly (string | null)[],
  entryKeys: readonly string[],
): LoadedStream | null {
  const [stored, text, tail, shapedBy, touchedAt, blobId] = fields
  if (!stored || !text || !tail || !shapedBy || !touchedAt) return null
  const known = recollections.recordShapedBy(path, shapedBy)
  const record = known === null ? readRecord(text, Number(tail)) : withTail(known, Number(tail))
  const dot = stored.indexOf('.')
  const number = Number(stored.slice(0, dot))
  const commitId = stored.slice(dot + 1)
  if (servers.knows(bucket)) {
    memory.note(bucket, path, record.streamId, number)
  } else {
    // What is shown until then is not remembered, because its number means nothing beside those of before.
    servers.meet(bucket).catch(() => undefined)
  }
  incarnations.note(record.streamId, record.base, blobId ?? record.streamId)
  const entries = new Map<string, string>()
  for (let i = 0; i < entryKeys.length; i++) {
    const value = fields[HEAD_FIELDS.length + i]
    if (typeof value === 'string') entries.set(entryKeys[i]!, value)
  }
  const version = formatVersion(shapedBy, number, commitId)
  return { record, version, commitId, touchedAt: Number(touchedAt), entries }
}
