import type { StreamId } from '../protocol/branded.js'
import { settleNumbers } from '../options.js'

/** Time and chance, given from outside: the core has neither, so that tests and simulations can own them. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `run` once after at least `delayMs`; returns what takes it back. */
  schedule(delayMs: number, run: () => void): () => void
  /** Calls `run` once, soon, after the work that is at hand (in Node: setImmediate). */
  defer(run: () => void): void
  /** Sixteen random characters of `0-9a-v`, not all zeros; 80 bits, so that two never meet. */
  newStreamId(): StreamId
}

/** Bounds of an engine. Over one of them a request is refused and nothing is lost. */
export interface StreamLimits {
  /** Distinct producer ids that one stream remembers. */
  readonly maxProducersPerStream: number
  /** Forks that one stream may have at a time. */
  readonly maxForksPerStream: number
  /** How many streams a fork may descend from. */
  readonly maxForkDepth: number
  /** Bytes of one page of a catch-up read; a single longer message still comes whole. */
  readonly maxPageBytes: number
  /** Bytes that a live reader is given at a time; a single longer message still comes whole. */
  readonly maxLiveBatchBytes: number
  /** Writes that may wait for one stream. */
  readonly maxQueuedWrites: number
  /**
   * Bytes of all writes that wait, in total, and of all bodies that wait to be framed; a single longer one still goes
   * when no other waits.
   */
  readonly maxQueuedBytes: number
  /** Bytes that one commit may carry; a single longer append still goes whole. */
  readonly maxCommitBytes: number
  /** Live readers, long-polls included, in total. */
  readonly maxLiveReaders: number
  /** How often streams that are due are looked for, in milliseconds; 0 for never. */
  readonly sweepIntervalMs: number
}

export const DEFAULT_LIMITS: StreamLimits = {
  maxProducersPerStream: 10_000,
  maxForksPerStream: 10_000,
  maxForkDepth: 32,
  maxPageBytes: 1 << 20,
  maxLiveBatchBytes: 128 << 10,
  maxQueuedWrites: 10_000,
  maxQueuedBytes: 256 << 20,
  maxCommitBytes: 8 << 20,
  maxLiveReaders: 100_000,
  sweepIntervalMs: 500,
}

const MAY_BE_ZERO = [
  'maxProducersPerStream',
  'maxForksPerStream',
  'maxForkDepth',
  'maxLiveReaders',
  'sweepIntervalMs',
] as const

/** {@link StreamLimits} with nothing left out; throws a RangeError that names what is no bound. */
export function settleLimits(limits: Partial<StreamLimits> = {}): StreamLimits {
  return settleNumbers(limits, DEFAULT_LIMITS, MAY_BE_ZERO)
}

/** What went wrong outside of any decision. */
export type StreamFaultCode =
  /** The store cannot be reached, or the engine is stopping. */
  | 'unavailable'
  /** The store has no space. */
  | 'storage-full'
  /** The store does not trust what it found. */
  | 'storage-corrupt'
  /** It is not known whether the change happened. A repetition with the same producer tuple is safe. */
  | 'outcome-unknown'
  /** Other nodes changed the stream each time that it was tried. */
  | 'contended'
  /** A bound of {@link StreamLimits} is reached; the request was not begun. */
  | 'overloaded'

/** A fault, as opposed to an outcome: nothing was decided about the request itself. */
export class StreamFault extends Error {
  readonly code: StreamFaultCode
  constructor(code: StreamFaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StreamFault'
    this.code = code
  }
}
