import type { Change, StreamState } from '../decide/stream-state.js'
import { isExpired } from '../decide/stream-state.js'
import type { LoadedStream, StreamChange } from '../store/contract.js'
import type { QueuedWrite } from './commit-queue.js'
import type { StreamRecord } from '../store/record.js'

/** Decides writes one after the other, each on what the ones before it left, and adds their changes up. */
export class ChangeBatch {
  readonly now: number
  /** Whether a write used the stream without changing it. */
  touches = false
  readonly #loaded: LoadedStream | null
  #state: StreamState | null
  #record: StreamRecord | null | undefined
  #touchedAt: number | null = null
  readonly #bytes: Uint8Array[] = []
  #entries: Map<string, string | null> | null = null
  /** The entries as the next write sees them; null while none has changed. */
  #known: Map<string, string> | null = null

  constructor(loaded: LoadedStream | null, now: number) {
    this.now = now
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
      const { outcome, change } = write.decide(this.#state, this.now)
      outcomes.push(outcome)
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
    const touchedAt = this.touches ? this.now : this.#touchedAt
    const wasExpired = this.#loaded !== null && isExpired(this.#loaded, this.now)
    return {
      commitId,
      record: this.#record,
      bytes: this.#record === null ? [] : this.#bytes,
      entries: this.#record === null || this.#entries === null ? NO_CHANGES : this.#entries,
      touchedAt,
      ifTouchedAt: wasExpired ? this.#loaded.touchedAt : null,
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
    const touchedAt = this.#touchedAt ?? this.#state?.touchedAt ?? this.now
    return { record, touchedAt, entries: this.#known ?? this.#state?.entries ?? NO_ENTRIES }
  }
}

const NO_CHANGES: ReadonlyMap<string, string | null> = new Map()
const NO_ENTRIES: ReadonlyMap<string, string> = new Map()
