import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StreamChange,
  StreamStore,
  Version,
} from '../store/contract.js'
import type { Committer, Conclusion, UnknownResult } from './committer.js'
import type { Listener } from './later.js'
import type { QueuedWrite, StreamQueue } from './commit-queue.js'
import { isDefinite } from './committer.js'
import { isPromise } from '../store/contract.js'
import { tell } from './later.js'

/** Who is told what became of a commit. Must not throw. */
export interface BatchOwner {
  /** The commit has happened, or certainly has not because the stream is not what it was decided on. */
  onConcluded(batch: Batch, conclusion: Conclusion): void
  /** It has failed, or nobody can tell what became of it. */
  onFailed(batch: Batch, error: unknown): void
}

/**
 * Writes of one stream that are decided and committed together, until it is known what became of them. It listens for
 * that itself and holds what the writes are then told from, as there is one for each append to a stream of its own.
 */
export class Batch implements Listener<CommitResult> {
  readonly queue: StreamQueue
  readonly writes: QueuedWrite[]
  /** How often they have been decided. */
  attempts = 0
  /** What the writes came to. */
  outcomes: readonly unknown[] = NOTHING
  readonly #owner: BatchOwner
  readonly #committer: Committer
  #expected: Version | null = null
  #change: StreamChange | null = null
  /** The tail that the stream had when they were decided. */
  #tailBefore = 0

  constructor(owner: BatchOwner, committer: Committer, queue: StreamQueue, writes: QueuedWrite[]) {
    this.#owner = owner
    this.#committer = committer
    this.queue = queue
    this.writes = writes
  }

  /** How much longer their commit makes the stream, in bytes; null when it removes it. */
  get growth(): number | null {
    const record = this.#change?.record ?? null
    return record === null ? null : record.tail - this.#tailBefore
  }

  /** How many bytes, unknown when they were decided, their commit went behind. */
  movedBy({ tail }: Conclusion & { readonly kind: 'committed' }): number {
    const record = this.#change?.record ?? null
    return tail === undefined || record === null ? 0 : tail - record.tail
  }

  /** Gives what they change to the store. The owner may be told before this returns. */
  commit(
    store: StreamStore,
    loaded: LoadedStream | null,
    change: StreamChange,
    outcomes: readonly unknown[],
  ): void {
    this.#expected = loaded?.version ?? null
    this.#tailBefore = loaded?.record.tail ?? 0
    this.#change = change
    this.outcomes = outcomes
    let result: MaybePromise<CommitResult>
    try {
      result = store.commit(this.queue.path, this.#expected, change)
    } catch (error) {
      this.onError(error)
      return
    }
    if (isPromise(result)) tell(result, this)
    else this.onValue(result)
  }

  onValue(result: CommitResult): void {
    if (result.kind === 'unknown') this.#findOut(result)
    else this.#owner.onConcluded(this, result)
  }

  onError(error: unknown): void {
    if (isDefinite(error)) this.#owner.onFailed(this, error)
    else this.#findOut({ kind: 'unknown', cause: error })
  }

  #findOut(unknown: UnknownResult): void {
    this.#committer.findOut(this.queue.path, this.#expected, this.#change!, unknown).then(
      (conclusion) => this.#owner.onConcluded(this, conclusion),
      (error: unknown) => this.#owner.onFailed(this, error),
    )
  }
}

const NOTHING: readonly unknown[] = []
