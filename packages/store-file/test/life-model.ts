import type { Expiry, Offset, ReadOutcome, StreamId, StreamPath } from '@ds/core'
import { deadlineOf } from '@ds/core'

/** A stream as it ought to be. */
export interface Facts {
  /** All that can be read, in stored form, what it has from its source included. */
  readonly text: string
  readonly closed: boolean
  readonly expiry: Expiry
  /** The number of the producer's next message. */
  readonly nextSeq: number
  /** The last `Stream-Seq`, as a number. */
  readonly streamSeq: number
}

/** An offset that was handed out, and what stands before it. */
interface Mark {
  readonly streamId: StreamId
  readonly offset: Offset
  readonly before: string
}

const MAX_MARKS = 8
/** Reads may leave the window where it is for so long. */
const TOUCH_MS = 1_000

/**
 * What one path may hold: first what is known of it, then what changes would have made of it whose outcome nobody
 * was told. Time is known within bounds: when a stream was used last at least, and at most.
 */
export class LifeModel {
  readonly path: StreamPath
  readonly contentType: string
  /** Whether forks may hold what was deleted here. */
  isForked = false
  #possible: (Facts | null)[] = [null]
  #usedFrom = 0
  #usedTo = 0
  #endedAt = 0
  /** Facts that were found to have expired in this life; they must not come back in it. */
  #expired: Facts | null = null
  #marks: Mark[] = []

  constructor(path: StreamPath, contentType: string) {
    this.path = path
    this.contentType = contentType
  }

  get isJson(): boolean {
    return this.contentType === 'application/json'
  }

  get marks(): readonly Mark[] {
    return this.#marks
  }

  /** A store was opened, which counts as a use of what has not been removed before. */
  beginLife(now: number): void {
    const mayBeRemoved = this.#possible.some(
      (facts) => facts !== null && this.mayHaveExpired(facts, this.#endedAt),
    )
    if (mayBeRemoved) this.#possible.push(null)
    this.#expired = null
    this.#usedFrom = Math.max(this.#usedFrom, now)
    this.#usedTo = Math.max(this.#usedTo, now)
  }

  /** The process ended, and with it its sweeper. */
  endLife(now: number): void {
    this.#endedAt = now
  }

  /** Something else may have used it. */
  mayBeUsed(now: number): void {
    this.#usedTo = Math.max(this.#usedTo, now)
  }

  begin(after: Facts | null, now: number): void {
    this.#possible.push(after)
    this.#usedTo = Math.max(this.#usedTo, now)
  }

  /** The change that was begun last has happened; earlier ones of open outcome can no longer. */
  happened(before: number, now: number): void {
    this.#possible = [this.#possible.at(-1)!]
    this.#used(before, now)
  }

  refused(): void {
    this.#possible.pop()
  }

  /** Whether it may have expired by some moment. */
  mayHaveExpired(facts: Facts, now: number): boolean {
    const from = this.#usedFrom - (facts.expiry.kind === 'ttl' ? TOUCH_MS : 0)
    return now >= deadlineOf(facts.expiry, from)
  }

  /**
   * Compares what a read found with what is possible; returns what the path holds. Throws when it is nothing that
   * may be.
   */
  observe(outcome: ReadOutcome, text: string, before: number, now: number): Facts | null {
    if (outcome.kind !== 'page') return this.#observeAbsence(outcome.kind, now)
    const matching = this.#possible.filter((facts) => facts?.text === text && facts.closed === outcome.closed)
    const facts = matching[0]
    if (facts === undefined || facts === null)
      throw this.#wrong(`${outcome.closed ? 'closed' : 'open'} ${JSON.stringify(text)}`)
    if (before >= deadlineOf(facts.expiry, this.#usedTo) || facts === this.#expired)
      throw this.#wrong('a stream that has expired')
    if (facts !== this.#possible[0]) this.#possible = [facts]
    this.#used(before, now)
    this.#note({ streamId: outcome.stream.streamId, offset: outcome.next, before: text })
    return facts
  }

  #observeAbsence(kind: string, now: number): null {
    if (kind !== 'not-found' && kind !== 'gone') throw this.#wrong(kind)
    if (kind === 'gone' && !this.isForked) throw this.#wrong('a deleted stream that nothing can hold')
    const absent = this.#possible.find((facts) => facts === null || this.mayHaveExpired(facts, now))
    if (absent === undefined) throw this.#wrong(kind)
    if (this.#possible[0] === null) return null
    // What expired may be used again after a restart, until it has been removed.
    if (absent === null) this.#possible = [null]
    else this.#expired = absent
    return null
  }

  #used(before: number, now: number): void {
    this.#usedFrom = Math.max(this.#usedFrom, before)
    this.#usedTo = Math.max(this.#usedTo, now)
  }

  #note(mark: Mark): void {
    if (mark.before === '' || this.#marks.some(({ offset }) => offset === mark.offset)) return
    this.#marks.push(mark)
    if (this.#marks.length > MAX_MARKS) this.#marks.shift()
  }

  #wrong(found: string): Error {
    const possible = this.#possible.map((facts) => JSON.stringify(facts)).join(' | ')
    return new Error(`${this.path}: found ${found}, possible is ${possible}`)
  }
}

/** The first messages or bytes of a text in stored form. */
export function firstOf(text: string, count: number, isJson: boolean): string {
  if (!isJson) return text.slice(0, count)
  let end = 0
  for (let i = 0; i < count; i++) end = text.indexOf('\n', end) + 1
  return text.slice(0, end)
}

export function countOf(text: string, isJson: boolean): number {
  return isJson ? text.split('\n').length - 1 : text.length
}
