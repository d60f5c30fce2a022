import type { Append } from './append-batches.js'
import type { AppendSpot } from './append-spot.js'
import type { CommitResult, StreamChange, StreamPath, StreamRecord } from '@ds/core'
import type { OpenParts } from './open-store.js'
import type { Recollection } from './recollections.js'
import type { SingleCommits } from './single-commits.js'
import { AppendBatches } from './append-batches.js'
import { asArgument } from './commit-plan.js'
import { findSpot, fits } from './append-spot.js'
import { formatVersion, parseVersion } from './stream-version.js'
import { totalLength } from '@ds/core'

const NO_ENTRIES: readonly string[] = []

/** Commits appends that need no more than that, many of them by one call of a script. */
export class Appends {
  readonly #parts: OpenParts
  readonly #singles: SingleCommits
  readonly #batches: AppendBatches

  /** @param singles does what the script for appends has left */
  constructor(parts: OpenParts, singles: SingleCommits) {
    const { constants, scripts } = parts
    this.#parts = parts
    this.#singles = singles
    this.#batches = new AppendBatches({
      ...parts,
      script: scripts.append,
      publishCommand: constants.publishCommand,
    })
  }

  /** Null when the change needs the commit script. */
  commit(path: StreamPath, expected: string, change: StreamChange): Promise<CommitResult> | null {
    const { record } = change
    if (change.commutes !== true || record === null) return null
    // The window of a stream that is used moves on, and with it what Redis is to do with the keys.
    if (record.expiry.kind === 'ttl') return null
    const recalled = this.#parts.recollections.get(path)
    const known = recalled?.version === expected ? recalled : null
    const length = totalLength(change.bytes)
    // That the stream has got longer is how a commit of others is noticed.
    if (length === 0) return null
    const spot = this.#findSpot(path, known, record, record.tail - length)
    if (!fits(spot, record.tail - length, length) || !this.#parts.servers.knows(spot.bucket)) return null
    const entries = change.entries.size === 0 ? NO_ENTRIES : comparedEntries(known, change.entries)
    if (entries === null) return null
    return new Promise((resolve) => {
      let append: Append = {
        spot,
        shapedBy: known?.shapedBy ?? parseVersion(expected).shapedBy,
        touchedAt: change.touchedAt ?? 0,
        commitId: change.commitId,
        bytes: asArgument(change.bytes, length),
        length,
        entries,
        onReply: (number, tail) => {
          if (number > 0) {
            resolve(this.#conclude(path, expected, change, record, spot, number, tail))
            return
          }
          const next = this.#findNext(append, path, known, record, tail - length)
          if (next === null) resolve(this.#singles.commit(path, expected, change))
          else this.#batches.add((append = next))
        },
        onFailure: (cause) => resolve(this.#singles.concludeFailure(path, cause)),
      }
      this.#batches.add(append)
    })
  }

  /** The append in a later chunk, if others have gone on to one and there is room; null if that does not help. */
  #findNext(
    append: Append,
    path: StreamPath,
    known: Recollection | null,
    record: StreamRecord,
    at: number,
  ): Append | null {
    if (at <= append.spot.from) return null
    const spot = this.#findSpot(path, known, record, at)
    return spot.from > append.spot.from && fits(spot, at, append.length) ? { ...append, spot } : null
  }

  #findSpot(path: StreamPath, known: Recollection | null, record: StreamRecord, at: number): AppendSpot {
    const before = known?.spot
    if (before && at > before.from && at < before.to) return before
    const { keys, incarnations } = this.#parts
    const blobId = incarnations.get(record.streamId)?.blobId ?? record.streamId
    const spot = findSpot(keys, path, record, blobId, at)
    if (known !== null) known.spot = spot
    return spot
  }

  #conclude(
    path: StreamPath,
    expected: string,
    change: StreamChange,
    decided: StreamRecord,
    spot: AppendSpot,
    number: number,
    tail: number,
  ): CommitResult {
    const { memory, recollections, wakeUps } = this.#parts
    const { commitId } = change
    const isMoved = tail !== decided.tail
    memory.note(spot.bucket, path, decided.streamId, number)
    wakeUps.committed(path, commitId)
    const recalled = recollections.get(path)
    const known = recalled?.version === expected ? recalled : undefined
    const version = formatVersion(known?.shapedBy ?? parseVersion(expected).shapedBy, number, commitId)
    if (known !== undefined) known.grow(tail, number, change, isMoved)
    else {
      const record = isMoved ? { ...decided, tail } : decided
      recollections.committed(path, expected, { ...change, record }, version)
    }
    return isMoved ? { kind: 'committed', version, tail } : { kind: 'committed', version }
  }
}

/** What the entries are that are to be set, and what they are to be; null where one is not known, or comes or goes. */
function comparedEntries(
  known: Recollection | null,
  entries: ReadonlyMap<string, string | null>,
): readonly string[] | null {
  const compared: string[] = []
  for (const [key, value] of entries) {
    const before = known?.entries.get(key)
    if (typeof before !== 'string' || value === null) return null
    compared.push(`e:${key}`, before, value)
  }
  return compared
}
