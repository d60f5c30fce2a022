import type { Appended, Appending } from './journal-writer.js'
import type { CommitResult, StreamChange, StreamPath, Version } from '@ds/core'
import type { Deadline } from './deadline.js'
import type { HotStream } from './hot-stream.js'
import type { KeptRecord } from './record-pattern.js'
import type { JournalWriter } from './journal-writer.js'
import type { Maintenance } from './maintenance.js'
import type { StreamIndex } from './stream-index.js'
import { Later, StoreError } from '@ds/core'
import { asRefusal } from './disk-errors.js'
import { fitsRecord } from './journal-batch.js'
import { Bounded, tooSlow } from './deadline.js'

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
  /** Commits that wait for others on their path; engines make few, as they have one commit at a time for each stream. */
  readonly #lines = new Map<HotStream, PendingCommit[]>()
  #underWay = 0
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
  commit(path: StreamPath, expected: Version | null, change: StreamChange): PromiseLike<CommitResult> {
    const pending = new PendingCommit(this, path, expected, change)
    this.#underWay++
    this.#parts.deadline.begin(pending)
    this.#start(pending)
    return pending.result
  }

  /** Refuses everything from now on, and resolves when what was under way has ended. */
  close(): Promise<void> {
    this.#isClosed = true
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => (this.#whenIdle = resolve))
  }

  /** Makes a durable commit visible. */
  show(stream: HotStream, change: StreamChange, version: number): void {
    this.#parts.index.memory.apply(stream, change, version)
    this.#wake(stream.path)
  }

  /** Takes note that a commit has ended; the next one on its path begins. */
  leave(pending: PendingCommit, hasHappened: boolean): void {
    const { deadline } = this.#parts
    if (pending.isGivenUp && hasHappened) deadline.rememberLate(pending.change.commitId)
    deadline.end(pending)
    if (pending.stream !== null) this.#beginNext(pending.stream)
    if (--this.#underWay === 0) this.#whenIdle?.()
  }

  #start(pending: PendingCommit): void {
    try {
      const room = this.#isClosed ? undefined : this.#parts.maintenance.makeRoom()
      const found = room === undefined ? this.#parts.index.now(pending.path) : undefined
      if (found === undefined) void this.#startLater(pending, room)
      else this.#enter(pending, found)
    } catch (error) {
      pending.onRefused(asRefusal(error))
    }
  }

  async #startLater(pending: PendingCommit, room: Promise<void> | undefined): Promise<void> {
    try {
      if (room !== undefined) await room
      const { index } = this.#parts
      let found = index.now(pending.path)
      while (found === undefined) {
        await index.bring(pending.path)
        found = index.now(pending.path)
      }
      this.#enter(pending, found)
    } catch (error) {
      pending.onRefused(asRefusal(error))
    }
  }

  /** Puts a commit behind the others on its path, which keep the stream in memory. */
  #enter(pending: PendingCommit, found: HotStream | null): void {
    const stream = found ?? this.#parts.index.memory.add(pending.path, null)
    pending.stream = stream
    if (stream.isBusy) {
      const line = this.#lines.get(stream)
      if (line === undefined) this.#lines.set(stream, [pending])
      else line.push(pending)
      return
    }
    stream.isBusy = true
    this.#decide(pending)
  }

  #beginNext(stream: HotStream): void {
    const line = this.#lines.size === 0 ? undefined : this.#lines.get(stream)
    const next = line?.shift()
    stream.isBusy = next !== undefined
    if (next !== undefined) queueMicrotask(() => this.#decide(next))
    if (line?.length === 0) this.#lines.delete(stream)
  }

  #decide(pending: PendingCommit): void {
    const { path, change } = pending
    if (this.#isClosed) {
      pending.onRefused(new StoreError('unavailable', 'the store is closed'))
    } else if (!pending.isExpected() || this.#parts.deadline.wasLate(change.commitId)) {
      pending.onConflict()
    } else if (this.#quarantined.has(path)) {
      pending.onRefused(new StoreError('corrupt', `${path} has lost commits and can only be read`))
    } else if (!fitsRecord(change)) {
      pending.onRefused(new StoreError('full', 'a commit is larger than any can be'))
    } else this.#parts.journal.append(pending)
  }
}

/** A commit from its call until its outcome is known, which may be long after its author has given it up. */
class PendingCommit extends Bounded implements Appending {
  readonly path: StreamPath
  readonly expected: Version | null
  readonly change: StreamChange
  /** What it is compared with, once that is in memory. */
  stream: HotStream | null = null
  isGivenUp = false
  #version = 0
  readonly result: Later<CommitResult> = new Later<CommitResult>()
  readonly #committer: Committer

  constructor(committer: Committer, path: StreamPath, expected: Version | null, change: StreamChange) {
    super()
    this.#committer = committer
    this.path = path
    this.expected = expected
    this.change = change
  }

  get before(): (HotStream & KeptRecord) | null {
    const stream = this.stream!
    return stream.exists() ? stream : null
  }

  get previousVersion(): number {
    return this.before === null ? 0 : this.stream!.version
  }

  /** Whether the stream is still what the change was made for. */
  isExpected(): boolean {
    const { version, touchedAt } = this.stream!
    if ((this.before === null ? null : version) !== this.expected) return false
    return this.change.ifTouchedAt === null || touchedAt === this.change.ifTouchedAt
  }

  onDurable(sequence: number): void {
    this.#version = sequence
    this.#committer.show(this.stream!, this.change, sequence)
  }

  onOutcome(appended: Appended): void {
    const isDurable = appended.kind === 'durable'
    this.#committer.leave(this, isDurable)
    this.result.resolve(isDurable ? { kind: 'committed', version: this.#version } : appended)
  }

  onConflict(): void {
    this.#committer.leave(this, false)
    this.result.resolve({ kind: 'conflict' })
  }

  onRefused(error: StoreError): void {
    this.#committer.leave(this, false)
    this.result.reject(error)
  }

  giveUp(): void {
    this.isGivenUp = true
    this.result.resolve({ kind: 'unknown', cause: tooSlow() })
  }
}
