import type { CommitResult, LoadedStream, StreamChange, StreamRecord, Version } from '@ds/core'
import { textOf } from './records.js'

/** A stream as the contract describes it. */
export interface ModelStream {
  readonly record: StreamRecord
  readonly version: Version
  readonly commitId: string
  readonly touchedAt: number
  readonly entries: ReadonlyMap<string, string>
  /** One character for each byte, from `record.base` on. */
  readonly content: string
}

/** How long unfinished work over two streams rests, in milliseconds. Spelled out, so that it is not taken over. */
const SETTLE_AFTER_MS = 30_000

/**
 * The contract in its simplest form: a map, one call after the other. It knows versions only from the store's own
 * answers.
 */
export class StoreModel {
  readonly #streams = new Map<string, ModelStream>()
  readonly #versions = new Map<string, Set<Version>>()

  get streams(): ReadonlyMap<string, ModelStream> {
    return this.#streams
  }

  /** Whether a commit on this expectation has to succeed. */
  accepts(path: string, expected: Version | null, change: StreamChange): boolean {
    const stream = this.#streams.get(path)
    if ((stream?.version ?? null) !== expected) return false
    return change.ifTouchedAt === null || stream?.touchedAt === change.ifTouchedAt
  }

  /** Takes note of a commit; throws when the answer is not the one that it has to be. */
  commit(path: string, expected: Version | null, change: StreamChange, result: CommitResult): void {
    const wanted = this.accepts(path, expected, change) ? 'committed' : 'conflict'
    if (result.kind !== wanted)
      throw new Error(`commit ${change.commitId}: ${result.kind} instead of ${wanted}`)
    if (result.kind !== 'committed') return
    if (change.record === null) {
      this.#streams.delete(path)
      return
    }
    this.#refuseUsed(path, result.version)
    const found = this.#streams.get(path)
    const before = found?.record.streamId === change.record.streamId ? found : undefined
    const entries = new Map(before?.entries)
    for (const [key, value] of change.entries) {
      if (value === null) entries.delete(key)
      else entries.set(key, value)
    }
    const moved = change.touchedAt ?? -Infinity
    this.#streams.set(path, {
      record: change.record,
      version: result.version,
      commitId: change.commitId,
      touchedAt: Math.max(before?.touchedAt ?? -Infinity, moved),
      entries,
      content: (before?.content ?? '') + textOf(change.bytes),
    })
  }

  touch(path: string, streamId: string, now: number): void {
    const stream = this.#streams.get(path)
    if (stream?.record.streamId !== streamId || now <= stream.touchedAt) return
    this.#streams.set(path, { ...stream, touchedAt: now })
  }

  /** Opening may count as a touch of every stream; what the store says from then on holds. */
  reopened(path: string, loaded: LoadedStream): void {
    const stream = this.#streams.get(path)!
    if (loaded.touchedAt < stream.touchedAt)
      throw new Error(`${path}: the window began at ${stream.touchedAt}, and now at ${loaded.touchedAt}`)
    // The version may be another one, but not one that told an earlier state.
    if (loaded.version !== stream.version) this.#refuseUsed(path, loaded.version)
    this.#streams.set(path, { ...stream, version: loaded.version, touchedAt: loaded.touchedAt })
  }

  /** All paths with a prefix after one of them, in the order of their UTF-8 bytes. */
  list(prefix: string, after: string): string[] {
    return [...this.#streams.keys()]
      .filter((path) => path.startsWith(prefix) && comparePaths(path, after) > 0)
      .sort(comparePaths)
  }

  /** All paths that are due. */
  due(now: number): string[] {
    return [...this.#streams].filter(([, stream]) => dueMomentOf(stream) <= now).map(([path]) => path)
  }

  #refuseUsed(path: string, version: Version): void {
    const used = this.#versions.get(path) ?? new Set()
    if (used.has(version)) throw new Error(`${path}: version ${version} came back`)
    this.#versions.set(path, used.add(version))
  }
}

/** By UTF-8, which Node compares for us. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** When a stream becomes due, derived from the specification of expiry and of unfinished work. */
export function dueMomentOf({ record, touchedAt }: Pick<ModelStream, 'record' | 'touchedAt'>): number {
  const { expiry, state, unsettledSince, pendingForks } = record
  const moments = [Infinity]
  if (state === 'live' && expiry.kind === 'ttl') moments.push(touchedAt + 1000 * expiry.seconds)
  if (state === 'live' && expiry.kind === 'at') moments.push(expiry.atMs)
  if (unsettledSince !== null) moments.push(unsettledSince + SETTLE_AFTER_MS)
  if (pendingForks[0] !== undefined) moments.push(pendingForks[0].since + SETTLE_AFTER_MS)
  return Math.min(...moments)
}
