import type { Extent, TableHead } from './table-format.js'
import type { HotLayer } from './hot-layer.js'
import type { KeptRecord, RecordPattern, RecordPatterns } from './record-pattern.js'
import type { StreamId, StreamPath, StreamRecord } from '@ds/core'
import { ByteLog } from './byte-log.js'
import { copyRecord, overwritePattern } from './own-record.js'
import { hasPattern, likeRecord } from './record-pattern.js'
import { joinCommitName } from './commit-name.js'

/** A stream at one moment, wherever that is kept. */
export interface StreamHead {
  /** Null: there is no stream, or it was removed. */
  readonly record: StreamRecord | null
  /** The sequence number of its last commit. */
  readonly version: number
  readonly commitId: string
  readonly touchedAt: number
}

/** Whether there is a stream, and not just the trace of a removed one. */
export function isStream<Head extends StreamHead>(
  head: Head | null | undefined,
): head is Head & { readonly record: StreamRecord } {
  return head !== null && head !== undefined && head.record !== null
}

/** What a commit does to a stream, whether it has just been made or is found in the journal. */
export interface Step {
  readonly record: StreamRecord | null
  readonly commitId: string
  readonly touchedAt: number | null
  readonly bytes: readonly Uint8Array[]
  readonly entries: Iterable<readonly [key: string, value: string | null]>
}

/** What has changed of a stream while a layer was the active one, and the bytes that were added. */
export class HotChange extends ByteLog {
  readonly layer: HotLayer
  /** Whether the incarnation began in this layer, so that nothing below belongs to it. */
  isWhole = false
  /** Entries that were set or removed; null while there are none. */
  entries: Map<string, string | null> | null = null
  /** The stream as it was when the layer was sealed; null while that is what it is now. */
  head: StreamHead | null = null
  /** Where the stream's bytes are once the layer has been stored. */
  extents: readonly Extent[] = NO_EXTENTS

  /**
   * @param from the position of the first byte that may be added
   * @param expectedBytes how many bytes will come, as far as that can be guessed
   */
  constructor(layer: HotLayer, from: number, expectedBytes: number) {
    super(layer.arena, from, expectedBytes)
    this.layer = layer
  }
}

const NO_EXTENTS: readonly Extent[] = []
/** A stream with more entries at hand than this forget those that can be looked up. */
const MAX_KNOWN = 64

/**
 * A stream in memory: as it is now, what the tables do not have of it yet, and where they have the rest. There is one
 * object for each path, changed in place, because objects that live from one commit to the next are what the
 * garbage collector has most work with; and what streams have in common of their records is one object for all of them.
 */
export class HotStream implements StreamHead {
  readonly path: StreamPath
  /** What its record has in common with others, or what it has for itself of it; null when there is no stream. */
  pattern: RecordPattern | null = null
  #isPatternShared = false
  streamId: StreamId = '' as StreamId
  createdAt = 0
  /** The position after the last byte. */
  tail = 0
  version = 0
  #commitPrefix: string
  #commitNumber = -1
  /** A number from the start: engines then change it in place, else each moment is an object that an old one points to. */
  touchedAt = 0
  /** Whether a commit is under way. */
  isBusy = false
  /** Whether it was asked for since somebody last looked what can be let go of. */
  wasUsed = true
  /** Whether it is among the changed streams that can become due. */
  canBeDue = false
  /** What has changed since the tables were written, or since {@link sealed} began to be stored. */
  change: HotChange | null = null
  /** What is being stored, and does not change any more. */
  sealed: HotChange | null = null
  /** Where the tables say that the bytes are of the incarnation that they know. */
  extents: readonly Extent[]
  /** Whether the tables know the path. */
  isStored: boolean
  /** False when there are certainly no entries in the tables. */
  mayHaveEntries: boolean
  /** Entries in the tables that are at hand, by key; null when they are known not to be there. */
  known: Map<string, string | null> | null = null
  /** How many bytes came between the last two checkpoints. */
  #expectedBytes = 0

  constructor(path: StreamPath, head: TableHead | null, patterns: RecordPatterns) {
    this.path = path
    this.version = head?.version ?? 0
    this.#commitPrefix = head?.commitId ?? ''
    this.touchedAt = head?.touchedAt ?? 0
    this.extents = head?.extents ?? NO_EXTENTS
    this.isStored = head !== null
    this.mayHaveEntries = head?.mayHaveEntries ?? false
    if (isStream(head)) this.#begin(head.record, patterns)
  }

  /** Whether there is a stream at the path, and its parts are those of its record. */
  exists(): this is HotStream & KeptRecord {
    return this.pattern !== null
  }

  /** A copy of the record; null when there is no stream. */
  get record(): StreamRecord | null {
    const { pattern } = this
    if (pattern === null) return null
    if (this.#isPatternShared) return likeRecord(pattern, this)
    // With the fields that this version does not know.
    const { streamId, createdAt, tail } = this
    return Object.assign({ ...pattern }, { streamId, createdAt, tail })
  }

  /** What the last commit is called. */
  get commitId(): string {
    return joinCommitName(this.#commitPrefix, this.#commitNumber)
  }

  /** Whether there is something that the tables do not have yet. */
  get hasChanged(): boolean {
    return this.change !== null || this.sealed !== null
  }

  /** Whether it can be let go of, because the tables have everything and nothing is under way. */
  get isIdle(): boolean {
    return !this.hasChanged && !this.isBusy
  }

  /** Carries out a commit. */
  apply(step: Step, version: number, change: HotChange): void {
    const { record } = step
    if (this.pattern !== null && record !== null && this.streamId === record.streamId) {
      if (step.touchedAt !== null && step.touchedAt > this.touchedAt) this.touchedAt = step.touchedAt
      addBytes(step.bytes, change)
      this.#goOn(this.pattern, record, change.layer.patterns)
    } else {
      change.isWhole = true
      change.beginAt(record?.base ?? 0)
      change.entries = null
      this.touchedAt = step.touchedAt ?? record?.createdAt ?? 0
      if (record === null) this.pattern = null
      else {
        addBytes(step.bytes, change)
        this.#begin(record, change.layer.patterns)
      }
    }
    for (const [key, value] of step.entries)
      (change.entries ??= new Map<string, string | null>()).set(key, value)
    this.version = version
    const { commitNames } = change.layer
    const number = commitNames.numberOf(step.commitId)
    this.#commitNumber = number
    this.#commitPrefix = number < 0 ? step.commitId : commitNames.prefix
  }

  #begin(record: StreamRecord, patterns: RecordPatterns): void {
    this.streamId = record.streamId
    this.createdAt = record.createdAt
    this.tail = record.tail
    const shared = patterns.find(record)
    this.pattern = shared ?? copyRecord(record)
    this.#isPatternShared = shared !== null
  }

  #goOn(pattern: RecordPattern, record: StreamRecord, patterns: RecordPatterns): void {
    this.tail = record.tail
    if (this.createdAt !== record.createdAt) this.createdAt = record.createdAt
    if (hasPattern(record, pattern)) return
    if (this.#isPatternShared) this.#begin(record, patterns)
    else overwritePattern(pattern, record)
  }

  /** The change that belongs to a layer, which is the active one. What is being stored keeps its head from now on. */
  changeIn(layer: HotLayer): HotChange {
    if (this.change?.layer === layer) return this.change
    if (this.change !== null) this.#setAside(this.change)
    if (this.sealed !== null) this.sealed.head ??= this.#copyHead()
    layer.add(this)
    return (this.change = new HotChange(layer, this.tail, this.#expectedBytes))
  }

  /** What is to be stored of a sealed layer. */
  changeToStore(layer: HotLayer): HotChange {
    if (this.change?.layer === layer) this.#setAside(this.change)
    return this.sealed!
  }

  #setAside(change: HotChange): void {
    this.sealed = change
    this.change = null
  }

  #copyHead(): StreamHead {
    const { record, version, commitId, touchedAt } = this
    return { record, version, commitId, touchedAt }
  }

  /** From now on the tables have what was being stored. */
  settle(): void {
    const { sealed } = this
    if (sealed === null) return
    this.sealed = null
    this.extents = sealed.extents
    this.#expectedBytes = sealed.length
    this.isStored ||= sealed.head === null ? this.exists() : sealed.head.record !== null
    if (sealed.isWhole) {
      this.mayHaveEntries = false
      this.known = null
    }
    if (sealed.entries === null) return
    this.mayHaveEntries = true
    this.remember(sealed.entries)
  }

  /** Keeps at hand what the tables have of some entries. */
  remember(entries: ReadonlyMap<string, string | null>): void {
    if (entries.size > MAX_KNOWN) return void (this.known = null)
    if (this.known === null || this.known.size + entries.size > MAX_KNOWN) this.known = new Map()
    for (const [key, value] of entries) this.known.set(key, value)
  }

  /** An entry, null when there is none; undefined when the tables have to be asked. */
  entryHere(key: string): string | null | undefined {
    for (const change of [this.change, this.sealed]) {
      if (change === null) continue
      const value = change.entries?.get(key)
      if (value !== undefined) return value
      if (change.isWhole) return null
    }
    return this.mayHaveEntries ? this.known?.get(key) : null
  }

  /** Bytes from a position on: null when they are not of this incarnation, undefined when they are in segments. */
  readHere(streamId: StreamId, from: number, limitBytes: number): Uint8Array[] | null | undefined {
    if (!this.exists() || this.streamId !== streamId) return null
    for (const change of [this.change, this.sealed]) {
      if (change === null) continue
      if (change.length > 0 && from >= change.from) return change.read(from, limitBytes)
      if (change.isWhole) return []
    }
    return undefined
  }
}

function addBytes(pieces: readonly Uint8Array[], change: HotChange): void {
  for (const piece of pieces) {
    change.append(piece)
    change.layer.bytes += piece.length
  }
}
