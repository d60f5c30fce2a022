import type { LoadedStream, StreamChange, StreamPath, StreamRecord, Version } from '@ds/core'

/** A stream as this node left it. */
interface Recollection {
  readonly record: StreamRecord
  readonly version: Version
  readonly commitId: string
  /** At the latest; it may have been moved on since. */
  touchedAt: number
  /** The entries that are known; null for one that is known not to exist. */
  readonly entries: Map<string, string | null>
  /** How many of this node's commits in a row have met a conflict. */
  readonly conflicts: number
}

/** Entries that are remembered of one stream. */
const MAX_ENTRIES = 256

/**
 * The streams that this node has committed to last, so that their next commit can be built without asking Redis. If
 * others have changed one since, that commit meets a conflict, whose answer tells what is there now.
 */
export class Recollections {
  readonly #capacity: number
  readonly #streams = new Map<StreamPath, Recollection>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  recall(path: StreamPath, entryKeys: readonly string[]): LoadedStream | undefined {
    const known = this.#streams.get(path)
    if (known === undefined) return undefined
    const entries = new Map<string, string>()
    for (const key of entryKeys) {
      const value = known.entries.get(key)
      if (value === undefined) return undefined
      if (value !== null) entries.set(key, value)
    }
    const { record, version, commitId, touchedAt } = known
    return { record, version, commitId, touchedAt, entries }
  }

  /** This node has committed a change of what was at version `expected`. */
  committed(path: StreamPath, expected: Version | null, change: StreamChange, version: Version): void {
    const before = this.#streams.get(path)
    this.#streams.delete(path)
    const { record, commitId } = change
    if (record === null) return
    const isNext = before?.version === expected && before.record.streamId === record.streamId
    const entries = isNext ? before.entries : new Map<string, string | null>()
    for (const [key, value] of change.entries) entries.set(key, value)
    if (entries.size > MAX_ENTRIES) entries.clear()
    // Too early a moment does no harm: what ends an expired stream is compared with the real one.
    const touchedAt = Math.max(change.touchedAt ?? record.createdAt, isNext ? before.touchedAt : 0)
    this.#keep(path, { record, version, commitId, touchedAt, entries, conflicts: 0 })
  }

  /** A commit met a conflict, and this is what is there instead, with the entries that were asked for. */
  found(path: StreamPath, found: LoadedStream | null, entryKeys: readonly string[]): void {
    const conflicts = this.conflictsOf(path) + 1
    this.#streams.delete(path)
    if (found === null) return
    const entries = new Map<string, string | null>(found.entries)
    for (const key of entryKeys) if (!entries.has(key)) entries.set(key, null)
    this.#keep(path, { ...found, entries, conflicts })
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
    this.#streams.delete(path)
  }

  #keep(path: StreamPath, known: Recollection): void {
    this.#streams.set(path, known)
    if (this.#streams.size > this.#capacity) forgetOldest(this.#streams)
  }
}

function forgetOldest(map: Map<StreamPath, unknown>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
