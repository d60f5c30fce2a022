import type { StreamId, StreamPath } from '@ds/core'
import { BUCKETS } from './buckets.js'

/** The last commit of a stream that this node has acknowledged or shown to anybody. */
export interface KnownCommit {
  readonly streamId: StreamId
  readonly number: number
}

/** The same as it is kept; whoever holds it can note a later one without looking for it. */
export interface RememberedCommit {
  streamId: StreamId
  number: number
  /** Whether it was seen again since it was last the oldest. */
  isFresh: boolean
  /** False once it was forgotten. */
  isKept: boolean
}

interface BucketMemory {
  /** The run of the server under which the numbers were given; empty for none yet. */
  run: string
  highest: number
  /** The highest number that was forgotten to make room. */
  forgotten: number
  /** In the order in which they were first seen, or came to be the oldest and were passed over. */
  readonly commits: Map<StreamPath, RememberedCommit>
}

/**
 * What this node has seen: for each bucket how many commits, and for each of the streams seen last the number of its
 * last commit. If Redis comes back with fewer commits, the streams whose last commit is beyond those have lost it.
 */
export class CommitMemory {
  readonly #buckets: BucketMemory[]
  readonly #capacity: number

  /** @param streams how many streams to remember, about */
  constructor(streams: number) {
    this.#capacity = Math.max(1, Math.ceil(streams / BUCKETS))
    this.#buckets = Array.from({ length: BUCKETS }, () => ({
      run: '',
      highest: 0,
      forgotten: 0,
      commits: new Map<StreamPath, RememberedCommit>(),
    }))
  }

  /**
   * @param streamId null when the commit removed the stream
   * @returns what is remembered of the stream now; null for nothing
   */
  note(bucket: number, path: StreamPath, streamId: StreamId | null, number: number): RememberedCommit | null {
    const memory = this.#buckets[bucket]!
    const known = memory.commits.get(path)
    if (known !== undefined) {
      noteLater(memory, known, streamId, number)
      return known
    }
    if (number > memory.highest) memory.highest = number
    if (streamId === null) return null
    const remembered = { streamId, number, isFresh: false, isKept: true }
    memory.commits.set(path, remembered)
    if (memory.commits.size > this.#capacity) forgetOldest(memory)
    return remembered
  }

  /** The same for a stream of which something is remembered, unless it was forgotten: false then. */
  noteAgain(bucket: number, known: RememberedCommit, streamId: StreamId, number: number): boolean {
    if (known.isKept) noteLater(this.#buckets[bucket]!, known, streamId, number)
    return known.isKept
  }

  /** The run under which a bucket is known, and its last commit. */
  known(bucket: number): { readonly run: string; readonly highest: number } {
    return this.#buckets[bucket]!
  }

  /** What is remembered beyond a commit of the bucket, and whether there may have been more. */
  beyond(
    bucket: number,
    number: number,
  ): { readonly commits: [StreamPath, KnownCommit][]; readonly isWhole: boolean } {
    const { commits, forgotten } = this.#buckets[bucket]!
    return {
      commits: [...commits]
        .filter(([, known]) => known.number > number)
        .map(([path, known]) => [path, { streamId: known.streamId, number: known.number }]),
      isWhole: forgotten <= number,
    }
  }

  /** From now on the numbers are those of another run, which took over after commit `number`. */
  adopt(bucket: number, run: string, number: number): void {
    const memory = this.#buckets[bucket]!
    for (const [path, known] of memory.commits) if (known.number > number) forget(memory, path, known)
    memory.run = run
    memory.highest = Math.min(memory.highest, number)
    memory.forgotten = Math.min(memory.forgotten, number)
  }
}

function noteLater(
  memory: BucketMemory,
  known: RememberedCommit,
  streamId: StreamId | null,
  number: number,
): void {
  // An older answer may come later.
  if (known.number > number) return
  if (number > memory.highest) memory.highest = number
  if (streamId !== null) known.streamId = streamId
  known.number = number
  known.isFresh = true
}

function forget(memory: BucketMemory, path: StreamPath, known: RememberedCommit): void {
  memory.commits.delete(path)
  known.isKept = false
}

/** Forgets the oldest that was not seen again since it was the oldest before. */
function forgetOldest(memory: BucketMemory): void {
  for (const [path, known] of memory.commits) {
    if (!known.isFresh) {
      forget(memory, path, known)
      if (known.number > memory.forgotten) memory.forgotten = known.number
      return
    }
    memory.commits.delete(path)
    known.isFresh = false
    memory.commits.set(path, known)
  }
}
