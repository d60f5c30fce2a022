import type { Extent, TableHead } from './table-format.js'
import type { HotLayer } from './hot-layer.js'
import type { OwnRecord } from './own-record.js'
import type { StreamId, StreamPath, StreamRecord } from '@ds/core'
import { ByteLog } from './byte-log.js'
import { copyRecord, overwriteRecord } from './own-record.js'

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

/** What has changed of a stream while a layer was the active one. */
export class HotChange {
  readonly layer: HotLayer
  /** Whether the incarnation began in this layer, so that nothing below belongs to it. */
  isWhole = false
  /** Bytes that were added; null while there are none. */
  log: ByteLog | null = null
  /** Entries that were set or removed; null while there are none. */
  entries: Map<string, string | null> | null = null
  /** The stream as it was when the layer was sealed; null while that is what it is now. */
  head: StreamHead | null = null
  /** Where the stream's bytes are once the layer has been stored. */
  extents: readonly Extent[] = NO_EXTENTS

  constructor(layer: HotLayer) {
    this.layer = layer
  }
}

const NO_EXTENTS: readonly Extent[] = []
/** A stream with more entries at hand than this forget those that can be looked up. */
const MAX_KNOWN = 64

/**
 * A stream in memory: as it is now, what the tables do not have of it yet, and where they have the rest. There is one
 * object for each path, changed in place, because objects that live from one commit to the next are what the
 * garbage collector has most work with.
 */
export class HotStream implements StreamHead {
  readonly path: StreamPath
  record: OwnRecord | null
  version: number
  commitId: string
  touchedAt: number
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
  /** Whether a commit is under way. */
  isBusy = false
  /** Whether it was asked for since somebody last looked what can be let go of. */
  wasUsed = true
  /** Whether it is among the changed streams that can become due. */
  canBeDue = false
  /** How many bytes came between the last two checkpoints. */
  #expectedBytes = 0

  constructor(path: StreamPath, head: TableHead | null) {
    this.path = path
    this.record = isStream(head) ? copyRecord(head.record) : null
    this.version = head?.version ?? 0
    this.commitId = head?.commitId ?? ''
    this.touchedAt = head?.touchedAt ?? 0
    this.extents = head?.extents ?? NO_EXTENTS
    this.isStored = head !== null
    this.mayHaveEntries = head?.mayHaveEntries ?? false
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
    if (this.record !== null && record !== null && this.record.streamId === record.streamId) {
      if (step.touchedAt !== null && step.touchedAt > this.touchedAt) this.touchedAt = step.touchedAt
      this.#addBytes(step.bytes, this.record.tail, change)
      overwriteRecord(this.record, record)
    } else {
      change.isWhole = true
      change.log = null
      change.entries = null
      this.touchedAt = step.touchedAt ?? record?.createdAt ?? 0
      if (record !== null) this.#addBytes(step.bytes, record.base, change)
      this.record = record === null ? null : copyRecord(record)
    }
    for (const [key, value] of step.entries)
      (change.entries ??= new Map<string, string | null>()).set(key, value)
    this.version = version
    this.commitId = step.commitId
  }

  #addBytes(pieces: readonly Uint8Array[], from: number, change: HotChange): void {
    for (const piece of pieces) {
      change.log ??= new ByteLog(from, this.#expectedBytes)
      change.log.append(piece, change.layer.arena)
      change.layer.bytes += piece.length
    }
  }

  /** The change that belongs to a layer, which is the active one. What is being stored keeps its head from now on. */
  changeIn(layer: HotLayer): HotChange {
    if (this.change?.layer === layer) return this.change
    if (this.change !== null) this.#setAside(this.change)
    if (this.sealed !== null) this.sealed.head ??= this.#copyHead()
    layer.add(this)
    return (this.change = new HotChange(layer))
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
    const { version, commitId, touchedAt } = this
    return { record: this.record === null ? null : copyRecord(this.record), version, commitId, touchedAt }
  }

  /** From now on the tables have what was being stored. */
  settle(): void {
    const { sealed } = this
    if (sealed === null) return
    this.sealed = null
    this.extents = sealed.extents
    this.#expectedBytes = sealed.log?.length ?? 0
    this.isStored ||= (sealed.head ?? this).record !== null
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
    if (this.record?.streamId !== streamId) return null
    for (const change of [this.change, this.sealed]) {
      if (change === null) continue
      if (change.log !== null && from >= change.log.from) return change.log.read(from, limitBytes)
      if (change.isWhole) return []
    }
    return undefined
  }
}
