import type { CommitResult, StreamChange, StreamPath, StreamRecord } from '@ds/core'
import type { OpenParts } from './open-store.js'
import type { Recollection } from './recollections.js'
import type { SingleCommits } from './single-commits.js'
import { AppendBatches } from './append-batches.js'
import { AppendOutcomes, PendingAppend } from './pending-append.js'
import { AppendSpot } from './append-spot.js'
import { parseVersion } from './stream-version.js'
import { totalLength } from '@ds/core'

const NO_ENTRIES: readonly string[] = []
/** Longer ones take the commit script, so that no call keeps Redis from everything else for long. */
const MAX_BYTES = 1 << 20

/** Commits appends that need no more than that, many of them by one call of a script. */
export class Appends {
  readonly #parts: OpenParts
  readonly #outcomes: AppendOutcomes
  readonly #batches: AppendBatches

  /** @param singles does what the script for appends has left */
  constructor(parts: OpenParts, singles: SingleCommits) {
    const { constants, scripts } = parts
    this.#parts = parts
    this.#outcomes = new AppendOutcomes(parts, singles)
    this.#batches = new AppendBatches({
      ...parts,
      script: scripts.append,
      publishCommand: constants.publishCommand,
      expiryMarginMs: constants.expiryMarginMs,
    })
  }

  /** Null when the change needs the commit script. */
  commit(path: StreamPath, expected: string, change: StreamChange): Promise<CommitResult> | null {
    const { record } = change
    if (change.commutes !== true || record === null || change.ifTouchedAt !== null) return null
    const length = totalLength(change.bytes)
    // That the stream has got longer is how a commit of others is noticed.
    if (length === 0 || length > MAX_BYTES) return null
    const recalled = this.#parts.recollections.get(path)
    const known = recalled?.version === expected ? recalled : null
    const spot = this.#findSpot(path, expected, known, record, record.tail - length)
    if (!this.#parts.servers.knows(spot.bucket)) return null
    const entries = change.entries.size === 0 ? NO_ENTRIES : comparedEntries(known, change.entries)
    if (entries === null) return null
    return new Promise((resolve) => {
      this.#batches.add(
        new PendingAppend(
          this.#outcomes,
          path,
          expected,
          change,
          record,
          known,
          spot,
          length,
          entries,
          resolve,
        ),
      )
    })
  }

  /** Where the bytes are expected to go; the script finds the place where others have made the stream longer. */
  #findSpot(
    path: StreamPath,
    expected: string,
    known: Recollection | null,
    record: StreamRecord,
    at: number,
  ): AppendSpot {
    const before = known?.spot
    if (before && at >= before.from && at < before.to) return before
    const { keys, incarnations } = this.#parts
    const blobId = incarnations.get(record.streamId)?.blobId ?? record.streamId
    const shapedBy = known?.shapedBy ?? parseVersion(expected).shapedBy
    const spot = new AppendSpot(keys, path, record, blobId, shapedBy, at)
    if (known !== null) known.spot = spot
    return spot
  }
}

/** What the entries are that are to be set, and what they are to be; null where one is not known, or comes or goes. */
function comparedEntries(
  known: Recollection | null,
  entries: ReadonlyMap<string, string | null>,
): readonly string[] | null {
  const compared: string[] = []
  for (const [key, value] of entries) {
    const before = known?.entry(key)
    if (typeof before !== 'string' || value === null) return null
    compared.push(`e:${key}`, before, value)
  }
  return compared
}
