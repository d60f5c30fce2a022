import type { CheckpointRound } from './checkpoint-round.js'
import type { Extent } from './table-format.js'
import type { HotChange, HotStream } from './hot-stream.js'
import type { StreamPath } from '@ds/core'
import { comparePaths } from '@ds/core'

const NO_EXTENTS: readonly Extent[] = []

/**
 * Adds a stream's rows, and notes where its bytes will be. A promise means that this has to be waited for before the
 * next stream.
 */
export function storeStream(
  round: CheckpointRound,
  stream: HotStream,
  change: HotChange,
): Promise<void> | undefined {
  const { head, isWhole } = change
  change.extents = isWhole ? NO_EXTENTS : stream.extents
  if (isWhole) round.uses.release(stream.extents)
  if (!(head === null ? stream.exists() : head.record !== null) && !stream.isStored) return undefined
  if (change.length === 0) return addRows(round, stream, change)
  const adding = round.addBytes(stream.path, change, change.extents)
  if (!(adding instanceof Promise)) {
    change.extents = adding
    return addRows(round, stream, change)
  }
  return adding.then((extents) => {
    change.extents = extents
    return addRows(round, stream, change)
  })
}

/** Looks at the stream only now, because it may have changed meanwhile; then the change has kept what it was. */
function addRows(
  round: CheckpointRound,
  stream: HotStream,
  { head, isWhole, entries, extents }: HotChange,
): Promise<void> | undefined {
  const { path } = stream
  const { record, version, commitId, touchedAt } = head ?? stream
  const mayHaveEntries = (!isWhole && stream.mayHaveEntries) || entries !== null
  const adding = round.table.addHead(path, { record, version, commitId, touchedAt, mayHaveEntries, extents })
  if (record === null || entries === null) return adding
  return addEntries(round, path, record.streamId, entries, adding)
}

async function addEntries(
  round: CheckpointRound,
  path: StreamPath,
  streamId: string,
  entries: ReadonlyMap<string, string | null>,
  adding: Promise<void> | undefined,
): Promise<void> {
  if (adding !== undefined) await adding
  // Keys are in the order of their bytes, as paths are.
  for (const [key, value] of [...entries].sort(([a], [b]) => comparePaths(a, b))) {
    const writing = round.table.addEntry(path, key, streamId, value)
    if (writing !== undefined) await writing
  }
}
