import type { CommitResult, LoadedStream, StreamChange, StreamStore, Version } from '../store/contract.js'
import type { Environment, StreamFaultCode } from './environment.js'
import type { StreamPath } from '../protocol/branded.js'
import { StoreError } from '../store/contract.js'
import { StreamFault } from './environment.js'

const NOTHING: readonly string[] = []
/** How often a commit of unknown outcome is looked for, with pauses that double. */
const MAX_UNKNOWN_ATTEMPTS = 6
const UNKNOWN_PAUSE_MS = 25
const UNKNOWN_MESSAGE = 'it is not known whether the change was committed'
/** A window is moved on when it is older than a fiftieth of itself, or than a second. */
const TOUCH_FRACTION = 50
const TOUCH_MS = 1_000

/** How commit ids end. They are made once, because a text of a number for each commit costs as much as the rest of its id. */
const ENDINGS: readonly string[] = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

/** What became of a commit after everything was done to find that out. */
export type Conclusion = Exclude<CommitResult, UnknownResult>

/** What a store says of a commit that may have happened. */
export type UnknownResult = Extract<CommitResult, { readonly kind: 'unknown' }>

/** Names commits, and finds out what became of them. */
export class Committer {
  readonly #store: StreamStore
  readonly #environment: Environment
  /** What all commit ids begin with. Made at the first commit, as some runtimes give no randomness before the first request. */
  #prefix = ''
  #commits = 0
  /** What the ids of a thousand commits have in common. */
  #beginning = ''

  constructor(store: StreamStore, environment: Environment) {
    this.#store = store
    this.#environment = environment
  }

  newCommitId(): string {
    const ending = this.#commits++ % ENDINGS.length
    if (ending === 0) this.#beginning = this.#nextBeginning()
    return this.#beginning + ENDINGS[ending]!
  }

  /**
   * Starts a stream's sliding window anew, if it has one and that has not just been done. It never fails: a read or
   * a decision that was made is worth more than the window.
   */
  async touch(path: StreamPath, loaded: LoadedStream, now: number): Promise<void> {
    const { expiry, streamId } = loaded.record
    if (expiry.kind !== 'ttl') return
    if (now - loaded.touchedAt < Math.min((expiry.seconds * 1000) / TOUCH_FRACTION, TOUCH_MS)) return
    try {
      await this.#store.touch(path, streamId, now)
    } catch {
      // The window stays where it was; the next use tries again.
    }
  }

  /**
   * Finds out whether a commit of unknown outcome has happened; resolves if it has, and throws if that cannot be told.
   *
   * The same change with the same expectation cannot happen twice, so it may be repeated while the stream has not
   * moved; one that commutes could, so it is repeated as one that does not, after which the first cannot happen any
   * more. A conflict then may be our own commit with others on top of it, which nobody can tell.
   */
  async findOut(
    path: StreamPath,
    expected: Version | null,
    change: StreamChange,
    unknown: UnknownResult,
  ): Promise<Conclusion> {
    const again = { ...change, commutes: false }
    let result: CommitResult = unknown
    try {
      for (let attempt = 1; attempt <= MAX_UNKNOWN_ATTEMPTS; attempt++) {
        const found = await this.#store.load(path, NOTHING)
        if (found?.commitId === change.commitId) {
          return { kind: 'committed', version: found.version, tail: found.record.tail }
        }
        if (found === null && change.record === null) return { kind: 'committed', version: '' }
        if ((found?.version ?? null) !== expected) break
        if (attempt > 1) await this.#pause(UNKNOWN_PAUSE_MS * 2 ** attempt)
        result = await this.#tryAgain(path, expected, again)
        if (result.kind === 'committed') return result
      }
    } catch (cause) {
      // Whatever fails now, the first attempt may have happened.
      throw new StreamFault('outcome-unknown', UNKNOWN_MESSAGE, { cause })
    }
    const cause = result.kind === 'unknown' ? result.cause : undefined
    throw new StreamFault('outcome-unknown', UNKNOWN_MESSAGE, { cause })
  }

  async #tryAgain(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    try {
      return await this.#store.commit(path, expected, change)
    } catch (error) {
      if (isDefinite(error)) throw error
      return { kind: 'unknown', cause: error }
    }
  }

  #nextBeginning(): string {
    if (this.#prefix === '') this.#prefix = this.#environment.newStreamId()
    return `${this.#prefix}${Math.ceil(this.#commits / ENDINGS.length)}`
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#environment.schedule(ms, resolve))
  }
}

/** Whether a commit certainly has not happened: what a store throws without saying so may have. */
export function isDefinite(error: unknown): error is StoreError {
  return error instanceof StoreError
}

/** What a store threw, as a fault of the engine. */
export function asFault(error: unknown): StreamFault {
  if (error instanceof StreamFault) return error
  const codes: Readonly<Record<StoreError['code'], StreamFaultCode>> = {
    unavailable: 'unavailable',
    full: 'storage-full',
    corrupt: 'storage-corrupt',
  }
  const code = error instanceof StoreError ? codes[error.code] : 'unavailable'
  return new StreamFault(code, error instanceof Error ? error.message : 'the store failed', { cause: error })
}
