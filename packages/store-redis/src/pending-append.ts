import type { Append } from './append-batches.js'
import type { AppendSpot } from './append-spot.js'
import type { Argument } from './redis-link.js'
import type { CommitResult, StreamChange, StreamPath, StreamRecord } from '@ds/core'
import type { OpenParts } from './open-store.js'
import type { Recollection } from './recollections.js'
import type { SingleCommits } from './single-commits.js'
import { asArgument } from './commit-plan.js'
import { formatVersion, parseVersion } from './stream-version.js'
import { withTail } from '@ds/core'

type Resolve = (result: CommitResult | Promise<CommitResult>) => void

/** An append on its way to Redis and back. */
export class PendingAppend implements Append {
  readonly spot: AppendSpot
  readonly touchedAt: number
  readonly commitId: string
  readonly bytes: Argument
  readonly length: number
  readonly entries: readonly string[]
  readonly path: StreamPath
  readonly expected: string
  readonly change: StreamChange
  /** As the change leaves it where nobody else has appended. */
  readonly record: StreamRecord
  /** What is known of the stream, if that is the version that the change was made for. */
  readonly known: Recollection | null
  readonly #outcomes: AppendOutcomes
  readonly #resolve: Resolve

  constructor(
    outcomes: AppendOutcomes,
    path: StreamPath,
    expected: string,
    change: StreamChange,
    record: StreamRecord,
    known: Recollection | null,
    spot: AppendSpot,
    length: number,
    entries: readonly string[],
    resolve: Resolve,
  ) {
    this.spot = spot
    this.touchedAt = change.touchedAt ?? 0
    this.commitId = change.commitId
    this.bytes = asArgument(change.bytes, length)
    this.length = length
    this.entries = entries
    this.path = path
    this.expected = expected
    this.change = change
    this.record = record
    this.known = known
    this.#outcomes = outcomes
    this.#resolve = resolve
  }

  onReply(number: number, tail: number): void {
    this.#resolve(
      number > 0 ? this.#outcomes.conclude(this, number, tail) : this.#outcomes.commitOtherwise(this),
    )
  }

  onFailure(cause: unknown): void {
    this.#resolve(this.#outcomes.fail(this, cause))
  }
}

/** What becomes of appends. */
export class AppendOutcomes {
  readonly #parts: OpenParts
  readonly #singles: SingleCommits

  /** @param singles does what the script for appends has left */
  constructor(parts: OpenParts, singles: SingleCommits) {
    this.#parts = parts
    this.#singles = singles
  }

  /** It was committed, perhaps behind what others have appended. */
  conclude(append: PendingAppend, number: number, tail: number): CommitResult {
    const { memory, recollections, wakeUps } = this.#parts
    const { path, expected, change, record, known, spot, commitId } = append
    const { streamId } = record
    const isMoved = tail !== record.tail
    wakeUps.committed(path, commitId)
    // What is at hand is not looked for: with thousands of streams, each look reads memory that no cache has.
    const remembered = known?.remembered ?? null
    const isNoted = remembered !== null && memory.noteAgain(spot.bucket, remembered, streamId, number)
    const noted = isNoted ? remembered : memory.note(spot.bucket, path, streamId, number)
    let version: string
    if (known?.isKept === true && known.version === expected) {
      known.grow(tail, number, change, isMoved)
      known.remembered = noted
      version = known.version
    } else {
      version = formatVersion(parseVersion(expected).shapedBy, number, commitId)
      const after = isMoved ? { ...change, record: withTail(record, tail) } : change
      recollections.committed(path, expected, after, version)
    }
    return isMoved ? { kind: 'committed', version, tail } : { kind: 'committed', version }
  }

  commitOtherwise({ path, expected, change }: PendingAppend): Promise<CommitResult> {
    return this.#singles.commit(path, expected, change)
  }

  fail({ path }: PendingAppend, cause: unknown): Promise<CommitResult> {
    return this.#singles.concludeFailure(path, cause)
  }
}
