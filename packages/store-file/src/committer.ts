import type { Appended, Appending } from './journal-writer.js'
import type { Bounded } from './deadline.js'
import type { CommitResult, StreamChange, StreamPath, StreamRecord, Version } from '@ds/core'
import type { Deadline } from './deadline.js'
import type { JournalWriter } from './journal-writer.js'
import type { Maintenance } from './maintenance.js'
import type { StreamHead } from './hot-layer.js'
import type { StreamIndex } from './stream-index.js'
import { StoreError } from '@ds/core'
import { asRefusal } from './disk-errors.js'
import { fitsRecord } from './journal-batch.js'
import { isStream } from './hot-layer.js'
import { tooSlow } from './deadline.js'

/** What a commit goes through. */
export interface CommitterParts {
  readonly index: StreamIndex
  readonly journal: JournalWriter
  readonly maintenance: Maintenance
  readonly deadline: Deadline
}

/** Compares and commits. Commits to one path wait for each other; all others share writes of the journal. */
export class Committer {
  readonly #parts: CommitterParts
  readonly #quarantined: ReadonlySet<string>
  readonly #wake: (path: StreamPath) => void
  /** The last commit of each path that has some under way. */
  readonly #lines = new Map<StreamPath, PendingCommit>()
  #isClosed = false
  #whenIdle: (() => void) | null = null

  /**
   * @param quarantined paths of streams that can only be read
   * @param wake called when a commit to a path can be seen
   */
  constructor(parts: CommitterParts, quarantined: ReadonlySet<string>, wake: (path: StreamPath) => void) {
    this.#parts = parts
    this.#quarantined = quarantined
    this.#wake = wake
  }

  /** As a store's `commit`. */
  commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      const pending = new PendingCommit(this, path, expected, change, resolve, reject)
      this.#parts.deadline.begin(pending)
      const last = this.#lines.get(path)
      this.#lines.set(path, pending)
      if (last === undefined) this.#start(pending)
      else last.next = pending
    })
  }

  /** Refuses everything from now on, and resolves when what was under way has ended. */
  close(): Promise<void> {
    this.#isClosed = true
    if (this.#lines.size === 0) return Promise.resolve()
    return new Promise((resolve) => (this.#whenIdle = resolve))
  }

  /** Makes a durable commit visible. */
  show({ path, change, head }: PendingCommit, version: number): void {
    const { record, commitId, touchedAt, bytes, entries } = change
    this.#parts.index.apply(path, head, { record, version, commitId, touchedAt, bytes, entries })
    this.#wake(path)
  }

  /** Takes note that a commit has ended; the next one on its path begins. */
  leave(pending: PendingCommit, hasHappened: boolean): void {
    const { deadline } = this.#parts
    if (pending.isGivenUp && hasHappened) deadline.rememberLate(pending.change.commitId)
    deadline.end(pending)
    const { path, next } = pending
    if (next !== null) queueMicrotask(() => this.#start(next))
    else this.#lines.delete(path)
    if (this.#lines.size === 0) this.#whenIdle?.()
  }

  #start(pending: PendingCommit): void {
    try {
      const room = this.#isClosed ? undefined : this.#parts.maintenance.makeRoom()
      const head = room === undefined ? this.#parts.index.headNow(pending.path) : undefined
      if (head !== undefined) this.#decide(pending, head)
      else void this.#startLater(pending, room)
    } catch (error) {
      pending.onRefused(asRefusal(error))
    }
  }

  async #startLater(pending: PendingCommit, room: Promise<void> | undefined): Promise<void> {
    try {
      if (room !== undefined) await room
      const { index } = this.#parts
      let head = index.headNow(pending.path)
      if (head === undefined) {
        const found = await index.head(pending.path)
        // A touch may have come meanwhile; commits cannot.
        head = index.headNow(pending.path) ?? found
      }
      this.#decide(pending, head)
    } catch (error) {
      pending.onRefused(asRefusal(error))
    }
  }

  #decide(pending: PendingCommit, head: StreamHead | null): void {
    if (this.#isClosed) throw new StoreError('unavailable', 'the store is closed')
    const { path, expected, change } = pending
    if (!isExpected(head, expected, change) || this.#parts.deadline.wasLate(change.commitId)) {
      pending.onConflict()
      return
    }
    if (this.#quarantined.has(path))
      throw new StoreError('corrupt', `${path} has lost commits and can only be read`)
    if (!fitsRecord(change)) throw new StoreError('full', 'a commit is larger than any can be')
    pending.head = head
    this.#parts.journal.append(pending)
  }
}

/** A commit from its call until its outcome is known, which may be long after its author has given it up. */
class PendingCommit implements Appending, Bounded {
  readonly path: StreamPath
  readonly expected: Version | null
  readonly change: StreamChange
  /** What it was compared with. */
  head: StreamHead | null = null
  /** The next one on the same path. */
  next: PendingCommit | null = null
  begunAt = 0
  isGivenUp = false
  #version = 0
  readonly #committer: Committer
  readonly #resolve: (result: CommitResult) => void
  readonly #reject: (error: StoreError) => void

  constructor(
    committer: Committer,
    path: StreamPath,
    expected: Version | null,
    change: StreamChange,
    resolve: (result: CommitResult) => void,
    reject: (error: StoreError) => void,
  ) {
    this.#committer = committer
    this.path = path
    this.expected = expected
    this.change = change
    this.#resolve = resolve
    this.#reject = reject
  }

  get before(): StreamRecord | null {
    return this.head?.record ?? null
  }

  get previousVersion(): number {
    return isStream(this.head) ? this.head.version : 0
  }

  onDurable(sequence: number): void {
    this.#version = sequence
    this.#committer.show(this, sequence)
  }

  onOutcome(appended: Appended): void {
    const isDurable = appended.kind === 'durable'
    this.#resolve(isDurable ? { kind: 'committed', version: this.#version } : appended)
    this.#committer.leave(this, isDurable)
  }

  onConflict(): void {
    this.#resolve({ kind: 'conflict' })
    this.#committer.leave(this, false)
  }

  onRefused(error: StoreError): void {
    this.#reject(error)
    this.#committer.leave(this, false)
  }

  giveUp(): void {
    this.isGivenUp = true
    this.#resolve({ kind: 'unknown', cause: tooSlow() })
  }
}

function isExpected(head: StreamHead | null, expected: Version | null, change: StreamChange): boolean {
  const version = isStream(head) ? head.version : null
  if (version !== expected) return false
  return change.ifTouchedAt === null || head?.touchedAt === change.ifTouchedAt
}
