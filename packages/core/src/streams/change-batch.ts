import type { Change, StreamState } from '../decide/stream-state.js'
import type { LoadedStream, StreamChange } from '../store/contract.js'
import type { QueuedWrite } from './commit-queue.js'
import type { StreamRecord } from '../store/record.js'
import type { Write } from './stream-writer.js'
import { isExpired } from '../decide/stream-state.js'

/** What the writes at the front of a queue come to, as many of them as one commit can carry. */
export interface DecidedBatch {
  /** The moment that they were decided at. */
  readonly now: number
  /** One for each write that was decided. */
  readonly outcomes: readonly unknown[]
  /** Null when they change nothing. */
  readonly change: StreamChange | null
  /** Whether one of them used the stream without changing it. */
  readonly touches: boolean
}

const NO_BYTES: readonly Uint8Array[] = []
const NO_CHANGES: ReadonlyMap<string, string | null> = new Map()
const NO_ENTRIES: ReadonlyMap<string, string> = new Map()

/** Decides writes one after the other, each on what the ones before it left, and adds their changes up. */
export function decideBatch(
  batch: readonly QueuedWrite[],
  loaded: LoadedStream | null,
  now: number,
  commitId: string,
): DecidedBatch {
  if (batch.length === 1) return decideOne(batch[0]!.write, loaded, now, commitId)
  const changes = new ChangeBatch(loaded, now)
  const outcomes = changes.decide(batch)
  return { now, outcomes, change: changes.toStreamChange(commitId), touches: changes.touches }
}

/** A batch of one, which most are, needs nothing added up. */
export function decideOne(
  write: Write<unknown>,
  loaded: LoadedStream | null,
  now: number,
  commitId: string,
): DecidedBatch {
  const { outcome, change } = write.decide(loaded, now)
  const outcomes = [outcome]
  if (change === null) return { now, outcomes, change, touches: false }
  if (change === 'touch') return { now, outcomes, change: null, touches: true }
  const { record, bytes, entries, touchedAt = null } = change
  const commutes = doesCommute(write, change)
  if (record === null && loaded === null) return { now, outcomes, change: null, touches: false }
  const ifTouchedAt = windowToGuard(loaded, now)
  const pieces = record === null || bytes === undefined || bytes.length === 0 ? NO_BYTES : [bytes]
  const changed = record === null || entries === undefined ? NO_CHANGES : new Map(entries)
  return {
    now,
    outcomes,
    change: { commitId, record, bytes: pieces, entries: changed, touchedAt, ifTouchedAt, commutes },
    touches: false,
  }
}

/** Whoever could not be told where the bytes went in the end must not have them put elsewhere. */
function doesCommute(write: Write<unknown>, change: Change): boolean {
  return change.commutes === true && write.move !== undefined
}

/** What ends an expired stream must not overlook that it has just been used. */
function windowToGuard(loaded: LoadedStream | null, now: number): number | null {
  return loaded !== null && isExpired(loaded, now) ? loaded.touchedAt : null
}

class ChangeBatch {
  /** Whether a write used the stream without changing it. */
  touches = false
  readonly #now: number
  readonly #loaded: LoadedStream | null
  #state: StreamState | null
  #record: StreamRecord | null | undefined
  #touchedAt: number | null = null
  /** What a write that changes nothing was told is proven right by the version alone. */
  #commutes = true
  readonly #bytes: Uint8Array[] = []
  #entries: Map<string, string | null> | null = null
  /** The entries as the next write sees them; null while none has changed. */
  #known: Map<string, string> | null = null

  constructor(loaded: LoadedStream | null, now: number) {
    this.#now = now
    this.#loaded = loaded
    this.#state = loaded
  }

  /**
   * The outcomes of the first writes, as many as one commit can carry: a removal or another incarnation ends the
   * batch, because a commit is about one incarnation.
   */
  decide(batch: readonly QueuedWrite[]): unknown[] {
    const outcomes: unknown[] = []
    for (const { write } of batch) {
      const streamId = this.#state?.record.streamId
      const { outcome, change } = write.decide(this.#state, this.#now)
      outcomes.push(outcome)
      if (change === null || change === 'touch' || !doesCommute(write, change)) this.#commutes = false
      if (change === null) continue
      if (change === 'touch') {
        this.touches = true
        continue
      }
      this.#add(change)
      if (change.record === null || (streamId !== undefined && change.record.streamId !== streamId)) break
    }
    return outcomes
  }

  /** What the writes change together; null when they change nothing. */
  toStreamChange(commitId: string): StreamChange | null {
    if (this.#record === undefined || (this.#record === null && this.#loaded === null)) return null
    return {
      commitId,
      record: this.#record,
      bytes: this.#record === null ? NO_BYTES : this.#bytes,
      entries: this.#record === null || this.#entries === null ? NO_CHANGES : this.#entries,
      touchedAt: this.touches ? this.#now : this.#touchedAt,
      ifTouchedAt: windowToGuard(this.#loaded, this.#now),
      commutes: this.#commutes,
    }
  }

  #add(change: Change): void {
    this.#record = change.record
    if (change.touchedAt !== undefined) this.#touchedAt = change.touchedAt
    if (change.bytes !== undefined && change.bytes.length > 0) this.#bytes.push(change.bytes)
    for (const [key, value] of change.entries ?? []) this.#setEntry(key, value)
    this.#state = change.record === null ? null : this.#nextState(change.record)
  }

  #setEntry(key: string, value: string | null): void {
    this.#entries ??= new Map()
    this.#entries.set(key, value)
    this.#known ??= new Map(this.#state?.entries)
    if (value === null) this.#known.delete(key)
    else this.#known.set(key, value)
  }

  #nextState(record: StreamRecord): StreamState {
    const touchedAt = this.#touchedAt ?? this.#state?.touchedAt ?? this.#now
    return { record, touchedAt, entries: this.#known ?? this.#state?.entries ?? NO_ENTRIES }
  }
}
