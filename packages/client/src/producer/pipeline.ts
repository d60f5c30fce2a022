import { SequenceGapError, StaleEpochError } from '../errors/durable-stream-error.js'
import type { ProducerAnswer } from './producer-answer.js'

/** A batch as the pipeline sees it. */
export interface PipelineBatch {
  epoch: number
  seq: number
  /**
   * `waiting`: to be sent. `sent`: under way. `early`: arrived before the one before it, to be sent again after it.
   * `held`: to be numbered anew.
   */
  phase: 'waiting' | 'sent' | 'early' | 'held'
  /** Whether an attempt was lost without an answer, so that it may have had its effect. */
  ambiguous: boolean
  /** Whether the batch before had been confirmed when this one was last sent. */
  wasNext: boolean
}

export interface PipelineOptions {
  readonly maxInFlight: number
  readonly autoClaim: boolean
  readonly epoch: number
  readonly nextSeq: number
  /** Whether nobody can have used these numbers before. */
  readonly isFresh: boolean
}

/** What an answer means for a batch. */
export type Settlement =
  /** Nothing yet: it stays in the pipeline. */
  | { readonly kind: 'open' }
  | { readonly kind: 'confirmed' }
  /** The producer cannot go on. */
  | { readonly kind: 'halt'; readonly error: Error }

/** How often in a row a name is taken over before it is left to whoever else wants it. */
const MAX_CLAIMS = 3

/**
 * The batches of a producer between their numbering and their confirmation: which to send next, and what answers
 * mean. No I/O, no time.
 *
 * Batches are numbered in order and may be under way together. The server takes them in order only; one that
 * overtook the one before comes back as a gap and is sent again once that one is confirmed. When the numbers of an
 * epoch cannot be used any more, because a batch was refused or the epoch is stale, everything that is left waits
 * until nothing is under way and begins the next epoch at 0: what may still linger on the way is fenced by that.
 */
export class Pipeline<B extends PipelineBatch> {
  readonly #maxInFlight: number
  readonly #autoClaim: boolean
  epoch: number
  nextSeq: number
  /** Numbered and not confirmed, in order. */
  #window: B[] = []
  #lastConfirmed: number
  /** The epoch to begin when nothing is under way any more; null if there is no need. */
  #nextEpoch: number | null = null
  /** Batches from this number on belong into the next epoch. */
  #barrier = Infinity
  #fencedBy: number | null = null
  #claims = 0
  #hasConfirmed: boolean
  /** Whether the numbers of this epoch are certainly this producer's own. */
  #isEstablished: boolean

  constructor(options: PipelineOptions) {
    this.#maxInFlight = options.maxInFlight
    this.#autoClaim = options.autoClaim
    this.epoch = options.epoch
    this.nextSeq = options.nextSeq
    this.#lastConfirmed = options.nextSeq - 1
    this.#hasConfirmed = options.nextSeq > 0
    this.#isEstablished = options.isFresh
  }

  get window(): readonly B[] {
    return this.#window
  }

  get inFlight(): number {
    return this.#window.filter(({ phase }) => phase === 'sent').length
  }

  /** Whether another batch can be numbered. The first of an epoch goes alone: those behind it would be too early. */
  get hasRoom(): boolean {
    return this.#nextEpoch === null && this.#window.length < (this.#hasConfirmed ? this.#maxInFlight : 1)
  }

  /** Numbers a batch. */
  add(batch: B): void {
    batch.epoch = this.epoch
    batch.seq = this.nextSeq++
    batch.phase = 'waiting'
    this.#window.push(batch)
  }

  /** A batch to send now, or null. */
  takeNext(): B | null {
    for (const batch of this.#window) {
      const isNext = batch.seq === this.#lastConfirmed + 1
      // A server that does not know the epoch yet takes its first batch and no other.
      if (batch.seq >= this.#barrier || (!isNext && !this.#hasConfirmed)) return null
      if (batch.phase === 'waiting' || (batch.phase === 'early' && isNext)) {
        batch.phase = 'sent'
        batch.wasNext = isNext
        return batch
      }
    }
    return null
  }

  /** An answer came. */
  answered(batch: B, answer: ProducerAnswer): Settlement {
    switch (answer.kind) {
      case 'accepted':
        if (this.#isOfAnother(batch, answer)) {
          batch.ambiguous = false
          return this.#fenced(batch, this.epoch)
        }
        this.#confirm(batch)
        return CONFIRMED
      case 'gap':
        if (batch.seq >= this.#barrier) batch.phase = 'held'
        else if (batch.wasNext) return halt(new SequenceGapError(answer.expectedSeq, batch.seq))
        else batch.phase = 'early'
        return OPEN
      case 'stale-epoch':
        return this.#fenced(batch, answer.currentEpoch)
      case 'closed':
        // The caller tells whether that is what was wanted.
        this.remove(batch)
        return OPEN
    }
  }

  /** The server will never take this batch, and has not. Those behind it need other numbers. */
  refused(batch: B): void {
    this.remove(batch)
    this.#barrier = Math.min(this.#barrier, batch.seq)
    this.#nextEpoch = Math.max(this.#nextEpoch ?? 0, this.epoch + 1)
    this.#hold()
  }

  remove(batch: B): void {
    this.#window = this.#window.filter((other) => other !== batch)
  }

  /**
   * Begins the next epoch if one is needed and nothing is under way. `began` tells that it has; `halt` that it must
   * not, as a batch may have been written under the epoch that was fenced.
   */
  settleEpoch(): { readonly kind: 'no' | 'began' } | { readonly kind: 'halt'; readonly error: Error } {
    if (this.#nextEpoch === null || this.#window.some(({ phase }) => phase !== 'held')) return { kind: 'no' }
    if (this.#fencedBy !== null && this.#window.some(({ ambiguous }) => ambiguous)) {
      return halt(new StaleEpochError(this.#fencedBy))
    }
    this.begin(this.#nextEpoch)
    return { kind: 'began' }
  }

  /** Begins an epoch: what is in the pipeline is numbered from 0. */
  begin(epoch: number): void {
    this.epoch = epoch
    this.nextSeq = 0
    this.#lastConfirmed = -1
    this.#hasConfirmed = this.#isEstablished = false
    this.#nextEpoch = this.#fencedBy = null
    this.#barrier = Infinity
    for (const batch of this.#window) {
      batch.epoch = epoch
      batch.seq = this.nextSeq++
      batch.phase = 'waiting'
      batch.ambiguous = false
    }
  }

  /**
   * A producer that begins an epoch which an earlier one of its name has used is told that its batches are duplicates:
   * they would be lost. It shows by a duplicate that was never sent before, or by higher numbers than were sent. A
   * runtime that repeats requests by itself (Deno does) looks the same: a producer that keeps its state is not judged.
   */
  #isOfAnother(batch: B, answer: { readonly duplicate: boolean; readonly lastSeq: number | null }): boolean {
    if (this.#isEstablished || !answer.duplicate) return false
    return !batch.ambiguous || (answer.lastSeq ?? 0) >= this.nextSeq
  }

  #confirm(batch: B): void {
    this.#lastConfirmed = Math.max(this.#lastConfirmed, batch.seq)
    this.#hasConfirmed = this.#isEstablished = true
    this.#claims = 0
    this.remove(batch)
  }

  #fenced(batch: B, currentEpoch: number): Settlement {
    const isFirstSign = this.#fencedBy === null
    if (!this.#autoClaim || (isFirstSign && ++this.#claims > MAX_CLAIMS)) {
      return halt(new StaleEpochError(currentEpoch, currentEpoch === this.epoch))
    }
    this.#fencedBy = Math.max(this.#fencedBy ?? 0, currentEpoch)
    this.#nextEpoch = Math.max(this.#nextEpoch ?? 0, currentEpoch + 1)
    this.#barrier = 0
    batch.phase = 'held'
    this.#hold()
    return OPEN
  }

  /** What is behind the barrier and not under way waits for the next epoch. */
  #hold(): void {
    for (const batch of this.#window) {
      if (batch.seq >= this.#barrier && batch.phase !== 'sent') batch.phase = 'held'
    }
  }
}

const OPEN: Settlement = { kind: 'open' }
const CONFIRMED: Settlement = { kind: 'confirmed' }

function halt(error: Error): { readonly kind: 'halt'; readonly error: Error } {
  return { kind: 'halt', error }
}
