import type { AppendSpot } from './append-spot.js'
import type { LoadedStream, StreamChange, StreamPath, StreamRecord, Version } from '@ds/core'
import type { RememberedCommit } from './commit-memory.js'
import { formatVersion, parseVersion } from './stream-version.js'
import { withTail } from '@ds/core'

/**
 * A stream as this node left it. What every append changes is kept as numbers beside the record, because thousands of
 * records that live for one append each are what the garbage collector likes least.
 */
export class Recollection {
  /** The record but for its tail. */
  readonly shape: StreamRecord
  /** The id of the commit that last changed more than the length. */
  readonly shapedBy: string
  tail: number
  number: number
  commitId: string
  /** At the latest; it may have been moved on since. */
  touchedAt: number
  /** How many of this node's commits in a row have met a conflict. */
  conflicts = 0
  /** Where its last bytes went. */
  spot: AppendSpot | null = null
  /** What is remembered of its last commit. */
  remembered: RememberedCommit | null = null
  /** False once it was forgotten, or another has taken its place. */
  isKept = true
  /** Whether it was used since it was last the oldest. */
  isFresh = false
  #version: string | null
  /** The entries that are known, with null for one that is known not to exist; null when none are. */
  #entries: Map<string, string | null> | null

  constructor(
    record: StreamRecord,
    version: string,
    touchedAt: number,
    entries: Map<string, string | null> | null,
  ) {
    const { shapedBy, number, commitId } = parseVersion(version)
    // A copy, so that V8 does not take it for the rule that what decisions make lives long.
    this.shape = withTail(record, record.tail)
    this.shapedBy = shapedBy
    this.tail = record.tail
    this.number = number
    this.commitId = commitId
    this.touchedAt = touchedAt
    this.#entries = entries
    this.#version = version
  }

  get version(): string {
    this.#version ??= formatVersion(this.shapedBy, this.number, this.commitId)
    return this.#version
  }

  /** A commit has made the stream longer, perhaps behind others that have. */
  grow(tail: number, number: number, { commitId, touchedAt, entries }: StreamChange, isMoved: boolean): void {
    // Who has appended may have set entries, too.
    if (isMoved) this.#entries = null
    this.tail = tail
    this.number = number
    this.commitId = commitId
    this.#version = null
    this.conflicts = 0
    this.isFresh = true
    if (touchedAt !== null && touchedAt > this.touchedAt) this.touchedAt = touchedAt
    this.#entries = addEntries(this.#entries, entries)
  }

  /** An entry's value, null when it is known not to exist; undefined when nothing is known of it. */
  entry(key: string): string | null | undefined {
    return this.#entries?.get(key)
  }

  /** What is known of the entries, with what a change has set and removed; this recollection is not used any more. */
  entriesAfter(change: StreamChange): Map<string, string | null> | null {
    return addEntries(this.#entries, change.entries)
  }
}

/** Entries that are remembered of one stream. */
const MAX_ENTRIES = 256
const NO_ENTRIES: ReadonlyMap<string, string> = new Map()

/**
 * The streams that this node has committed to last, so that their next commit can be built without asking Redis. If
 * others have only appended since, it may still be right; otherwise it meets a conflict, whose answer tells what is
 * there now.
 */
export class Recollections {
  readonly #capacity: number
  readonly #streams = new Map<StreamPath, Recollection>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(path: StreamPath): Recollection | undefined {
    return this.#streams.get(path)
  }

  recall(path: StreamPath, entryKeys: readonly string[]): LoadedStream | undefined {
    const known = this.#streams.get(path)
    if (known === undefined) return undefined
    const entries = recallEntries(known, entryKeys)
    if (entries === undefined) return undefined
    const { version, commitId, touchedAt } = known
    return { record: withTail(known.shape, known.tail), version, commitId, touchedAt, entries }
  }

  /** What is known of a record, if only its tail may have changed since. */
  recordShapedBy(path: StreamPath, shapedBy: string): StreamRecord | null {
    const known = this.#streams.get(path)
    return known?.shapedBy === shapedBy ? known.shape : null
  }

  /** This node has committed a change of what was at version `expected`. */
  committed(path: StreamPath, expected: Version | null, change: StreamChange, version: string): void {
    const before = this.#streams.get(path)
    const { record } = change
    if (record === null) {
      this.forget(path)
      return
    }
    const isNext = before?.version === expected && before.shape.streamId === record.streamId
    const entries = isNext ? before.entriesAfter(change) : addEntries(null, change.entries)
    // Too early a moment does no harm: what ends an expired stream is compared with the real one.
    const touchedAt = Math.max(change.touchedAt ?? record.createdAt, isNext ? before.touchedAt : 0)
    this.#keep(path, new Recollection(record, version, touchedAt, entries))
  }

  /** A commit met a conflict, and this is what is there instead, with the entries that were asked for. */
  found(path: StreamPath, found: LoadedStream | null, entryKeys: readonly string[]): void {
    const conflicts = this.conflictsOf(path) + 1
    if (found === null) {
      this.forget(path)
      return
    }
    const entries = new Map<string, string | null>(found.entries)
    for (const key of entryKeys) if (!entries.has(key)) entries.set(key, null)
    const known = new Recollection(found.record, String(found.version), found.touchedAt, entries)
    known.conflicts = conflicts
    this.#keep(path, known)
  }

  conflictsOf(path: StreamPath): number {
    return this.#streams.get(path)?.conflicts ?? 0
  }

  touched(path: StreamPath, now: number): void {
    const known = this.#streams.get(path)
    if (known !== undefined && known.touchedAt < now) known.touchedAt = now
  }

  /** What was recalled is out of date, or it is not known whether it is. */
  forget(path: StreamPath): void {
    const known = this.#streams.get(path)
    if (known === undefined) return
    known.isKept = false
    this.#streams.delete(path)
  }

  #keep(path: StreamPath, known: Recollection): void {
    const before = this.#streams.get(path)
    if (before !== undefined) before.isKept = false
    known.isFresh = before !== undefined
    this.#streams.set(path, known)
    while (this.#streams.size > this.#capacity) this.#forgetOldest()
  }

  /** The oldest that was not used since it was the oldest before. */
  #forgetOldest(): void {
    for (const [path, known] of this.#streams) {
      if (!known.isFresh) {
        this.forget(path)
        return
      }
      this.#streams.delete(path)
      known.isFresh = false
      this.#streams.set(path, known)
    }
  }
}

function addEntries(
  known: Map<string, string | null> | null,
  changed: ReadonlyMap<string, string | null>,
): Map<string, string | null> | null {
  if (changed.size === 0) return known
  const entries = known ?? new Map<string, string | null>()
  for (const [key, value] of changed) entries.set(key, value)
  return entries.size > MAX_ENTRIES ? null : entries
}

function recallEntries(
  known: Recollection,
  entryKeys: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (entryKeys.length === 0) return NO_ENTRIES
  const entries = new Map<string, string>()
  for (const key of entryKeys) {
    const value = known.entry(key)
    if (value === undefined) return undefined
    if (value !== null) entries.set(key, value)
  }
  return entries
}
