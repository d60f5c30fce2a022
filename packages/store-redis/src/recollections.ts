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
}

/** Entries that are remembered of one stream. */
const MAX_ENTRIES = 256
/** How many commits of a stream that others write to, too, are built on loads before it is recalled again. */
const MISTRUST = 8

/**
 * The streams that this node has committed to last, so that their next commit can be built without asking Redis. If
 * others have changed one since, that commit meets a conflict, and the stream is not recalled for a while.
 */
export class Recollections {
  readonly #capacity: number
  readonly #streams = new Map<StreamPath, Recollection>()
  readonly #mistrusted = new Map<StreamPath, number>()

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
    return { ...known, entries }
  }

  /** This node has committed a change of what was at version `expected`. */
  committed(path: StreamPath, expected: Version | null, change: StreamChange, version: Version): void {
    const before = this.#streams.get(path)
    this.#streams.delete(path)
    const { record, commitId } = change
    if (record === null || this.#isMistrusted(path)) return
    const isNext = before?.version === expected && before.record.streamId === record.streamId
    const entries = isNext ? before.entries : new Map<string, string | null>()
    for (const [key, value] of change.entries) entries.set(key, value)
    if (entries.size > MAX_ENTRIES) entries.clear()
    // Too early a moment does no harm: what ends an expired stream is compared with the real one.
    const touchedAt = Math.max(change.touchedAt ?? record.createdAt, isNext ? before.touchedAt : 0)
    this.#streams.set(path, { record, version, commitId, touchedAt, entries })
    if (this.#streams.size > this.#capacity) forgetOldest(this.#streams)
  }

  touched(path: StreamPath, now: number): void {
    const known = this.#streams.get(path)
    if (known !== undefined && known.touchedAt < now) known.touchedAt = now
  }

  /** What was recalled is out of date, or it is not known whether it is. */
  forget(path: StreamPath): void {
    this.#streams.delete(path)
  }

  /** Others write to the stream, too. */
  mistrust(path: StreamPath): void {
    this.#streams.delete(path)
    this.#mistrusted.set(path, MISTRUST)
    if (this.#mistrusted.size > this.#capacity) forgetOldest(this.#mistrusted)
  }

  #isMistrusted(path: StreamPath): boolean {
    const left = this.#mistrusted.get(path)
    if (left === undefined) return false
    if (left === 1) this.#mistrusted.delete(path)
    else this.#mistrusted.set(path, left - 1)
    return true
  }
}

function forgetOldest(map: Map<StreamPath, unknown>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
