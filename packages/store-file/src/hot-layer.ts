import type { StreamId, StreamPath, StreamRecord } from '@ds/core'
import { ByteArena, ByteLog } from './byte-log.js'
import { comparePaths, dueAt } from '@ds/core'

/** A stream at one moment, wherever that is kept. */
export interface StreamHead {
  /** Null: the stream was removed. */
  readonly record: StreamRecord | null
  /** The sequence number of its last commit. */
  readonly version: number
  readonly commitId: string
  readonly touchedAt: number
  /** False when it certainly has no entries below this layer. */
  readonly mayHaveEntries: boolean
}

/** Whether there is a stream, and not just the trace of a removed one. */
export function isStream<Head extends StreamHead>(
  head: Head | null | undefined,
): head is Head & { readonly record: StreamRecord } {
  return head !== null && head !== undefined && head.record !== null
}

/** Entries at hand, by key; null when they are known not to be there. The whole is null when there are none. */
export type KnownEntries = Map<string, string | null> | null

/** What is known of a stream's entries in a layer and below it, for the layer above. */
export function knownBelow(hot: HotStream): KnownEntries {
  if (hot.entries === null) return hot.isWhole || hot.known === null ? null : new Map(hot.known)
  return new Map([...(hot.isWhole || hot.known === null ? [] : hot.known), ...hot.entries])
}

/** What a commit does to a layer, whether it has just been made or is found in the journal. */
export interface Step {
  readonly record: StreamRecord | null
  readonly version: number
  readonly commitId: string
  readonly touchedAt: number | null
  readonly bytes: readonly Uint8Array[]
  readonly entries: Iterable<readonly [key: string, value: string | null]>
}

/** What has changed of one stream since the layer began, and its head. */
export class HotStream implements StreamHead {
  record: StreamRecord | null
  version: number
  commitId: string
  touchedAt: number
  mayHaveEntries: boolean
  /** Entries that were set or removed since; null while there are none. */
  entries: Map<string, string | null> | null = null
  /** Entries that were looked up below, so that they need not be again; null while there are none. */
  known: KnownEntries
  /** Bytes that were added since; null while there are none. */
  bytes: ByteLog | null = null
  /** Whether the incarnation began in this layer, so that nothing below belongs to it. */
  isWhole = false
  /** Whether layers below know of a stream at this path. */
  readonly isAbove: boolean

  constructor(head: StreamHead, isAbove: boolean, known: KnownEntries) {
    this.record = head.record
    this.version = head.version
    this.commitId = head.commitId
    this.touchedAt = head.touchedAt
    this.mayHaveEntries = head.mayHaveEntries
    this.isAbove = isAbove
    this.known = known
  }

  /** The entry as far as this layer knows: undefined when a layer below has to be asked. */
  entryHere(key: string): string | null | undefined {
    const value = this.entries?.get(key)
    if (value !== undefined) return value
    return this.isWhole || !this.mayHaveEntries ? null : this.known?.get(key)
  }

  /** The same stream in the next layer, where nothing of it has changed yet. */
  continued(): HotStream {
    const mayHaveEntries = this.mayHaveEntries || this.entries !== null
    const { record, version, commitId, touchedAt } = this
    return new HotStream({ record, version, commitId, touchedAt, mayHaveEntries }, true, knownBelow(this))
  }

  apply(step: Step, arena: ByteArena): void {
    const isSame = this.record !== null && this.record.streamId === step.record?.streamId
    if (!isSame) {
      this.isWhole = true
      this.bytes = null
      this.entries = null
      this.known = null
      this.mayHaveEntries = false
    }
    for (const piece of step.bytes) {
      this.bytes ??= new ByteLog(isSame ? this.record!.tail : (step.record?.base ?? 0), arena)
      this.bytes.append(piece)
    }
    for (const [key, value] of step.entries)
      (this.entries ??= new Map<string, string | null>()).set(key, value)
    if (isSame) {
      if (step.touchedAt !== null && step.touchedAt > this.touchedAt) this.touchedAt = step.touchedAt
    } else this.touchedAt = step.touchedAt ?? step.record?.createdAt ?? 0
    this.record = step.record
    this.version = step.version
    this.commitId = step.commitId
  }
}

/** Streams that changed since some moment, in memory. */
export class HotLayer {
  readonly streams: Map<StreamPath, HotStream> = new Map<StreamPath, HotStream>()
  readonly #arena: ByteArena = new ByteArena()
  /** Paths of streams that can become due; the ones looked at go to the end. */
  readonly #dueCandidates = new Set<StreamPath>()
  #sortedPaths: StreamPath[] | null = null

  get(path: StreamPath): HotStream | undefined {
    return this.streams.get(path)
  }

  add(path: StreamPath, hot: HotStream): HotStream {
    this.streams.set(path, hot)
    this.#sortedPaths = null
    this.noteDue(path, hot)
    return hot
  }

  /** Carries out a commit on a stream that the layer has already. */
  apply(path: StreamPath, hot: HotStream, step: Step): void {
    hot.apply(step, this.#arena)
    if (hot.record === null && !hot.isAbove) {
      this.streams.delete(path)
      this.#sortedPaths = null
    }
    this.noteDue(path, hot)
  }

  noteDue(path: StreamPath, hot: HotStream): void {
    if (hot.record !== null && dueAt(hot.record, hot.touchedAt) !== Infinity) this.#dueCandidates.add(path)
    else this.#dueCandidates.delete(path)
  }

  /** Due paths among the next `looks` that can be. */
  due(now: number, limit: number, looks: number): StreamPath[] {
    const paths: StreamPath[] = []
    let left = Math.min(looks, this.#dueCandidates.size)
    for (const path of this.#dueCandidates) {
      if (left-- <= 0 || paths.length === limit) break
      this.#dueCandidates.delete(path)
      this.#dueCandidates.add(path)
      const { record, touchedAt } = this.streams.get(path)!
      if (dueAt(record!, touchedAt) <= now) paths.push(path)
    }
    return paths
  }

  sortedPaths(): readonly StreamPath[] {
    return (this.#sortedPaths ??= [...this.streams.keys()].sort(comparePaths))
  }

  /** What a read of an incarnation finds here: bytes, or where to look on. */
  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): Uint8Array[] | 'below' | null {
    const hot = this.streams.get(path)
    if (hot === undefined) return 'below'
    if (hot.record?.streamId !== streamId) return null
    if (hot.bytes !== null && from >= hot.bytes.from) return hot.bytes.read(from, limitBytes)
    return hot.isWhole ? [] : 'below'
  }
}
