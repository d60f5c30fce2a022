import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StreamChange,
  StreamStore,
  Version,
} from '../store/contract.js'
import type { Environment } from './environment.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamWriter, Write } from './stream-writer.js'
import { Committer, asFault } from './committer.js'
import { StoreError, isPromise } from '../store/contract.js'
import { StreamFault } from './environment.js'
import { decideOne } from './change-batch.js'

/** A wrapper around an immediate store has to take the label off if it makes anything wait. */
const BROKEN_PROMISE = 'the store calls itself immediate, but answers later or lets others come between'

/**
 * Writes for a store that has done its work when it returns: each is committed as it comes, since a commit that it could
 * share would be no cheaper, and its outcome is there at once.
 */
export class ImmediateWriter implements StreamWriter {
  readonly #store: StreamStore
  readonly #environment: Environment
  readonly #committer: Committer
  readonly #onGrown: ((path: StreamPath) => void) | undefined
  /** What all commits are called, as nobody ever has to find one of them again. */
  #commitId = ''

  constructor(store: StreamStore, environment: Environment, onGrown?: (path: StreamPath) => void) {
    this.#store = store
    this.#environment = environment
    this.#committer = new Committer(store, environment)
    this.#onGrown = onGrown
  }

  submit<Outcome>(path: StreamPath, write: Write<Outcome>): Outcome {
    try {
      return this.#commit(path, write)
    } catch (error) {
      throw asFault(error)
    }
  }

  touch(path: StreamPath, loaded: LoadedStream, now: number): Promise<void> {
    return this.#committer.touch(path, loaded, now)
  }

  /** Nothing ever waits. */
  whenIdle(): Promise<void> {
    return Promise.resolve()
  }

  #commit<Outcome>(path: StreamPath, write: Write<Outcome>): Outcome {
    const loaded = this.#store.load(path, write.entryKeys)
    if (isPromise(loaded)) throw new StreamFault('unavailable', BROKEN_PROMISE)
    const { now, outcomes, change, touches } = decideOne(
      write,
      loaded,
      this.#environment.now(),
      this.#nameCommit(),
    )
    if (change !== null) {
      this.#perform(path, loaded?.version ?? null, change)
      if (change.record !== null && change.record.tail !== (loaded?.record.tail ?? 0)) this.#onGrown?.(path)
    } else if (touches && loaded !== null) {
      void this.#committer.touch(path, loaded, now)
    }
    return outcomes[0] as Outcome
  }

  #perform(path: StreamPath, expected: Version | null, change: StreamChange): void {
    let result: MaybePromise<CommitResult>
    try {
      result = this.#store.commit(path, expected, change)
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      throw new StreamFault('outcome-unknown', 'the store broke down in the middle of a commit', { cause })
    }
    // Nobody can come between a load and a commit that follow each other at once.
    if (isPromise(result) || result.kind !== 'committed') {
      throw new StreamFault('outcome-unknown', BROKEN_PROMISE)
    }
  }

  #nameCommit(): string {
    if (this.#commitId === '') this.#commitId = this.#environment.newStreamId()
    return this.#commitId
  }
}
