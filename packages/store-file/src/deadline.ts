import type { CommitResult } from '@ds/core'
import { StoreError } from '@ds/core'

/** How many commits are remembered that took effect after they were given up. */
const MAX_LATE = 10_000

/**
 * Bounds how long calls take, because a disk may hang without failing. A commit that takes too long is unknown; it
 * may still take effect, and then it must not do so again when its author repeats it.
 */
export class Deadline {
  readonly #timeoutMs: number
  readonly #lateCommits = new Set<string>()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Whether a commit took effect after its author was told that this was unknown. */
  wasLate(commitId: string): boolean {
    return this.#lateCommits.has(commitId)
  }

  /** Ends with the commit, or as unknown when time is up. */
  boundCommit(commitId: string, committing: Promise<CommitResult>): Promise<CommitResult> {
    return this.#bound(committing, (resolve) => {
      resolve({ kind: 'unknown', cause: tooSlow() })
      committing.then(
        ({ kind }) => {
          if (kind === 'committed') this.#rememberLate(commitId)
        },
        () => undefined,
      )
    })
  }

  /** Ends with the look, or rejects with a StoreError when time is up. */
  boundLook<T>(looking: Promise<T>): Promise<T> {
    return this.#bound(looking, (_resolve, reject) => reject(tooSlow()))
  }

  #bound<T>(
    work: Promise<T>,
    giveUp: (resolve: (value: T) => void, reject: (error: StoreError) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => giveUp(resolve, reject), this.#timeoutMs)
      timer.unref()
      work.then(
        (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        (error: unknown) => {
          clearTimeout(timer)
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is passed on as it is
          reject(error)
        },
      )
    })
  }

  #rememberLate(commitId: string): void {
    this.#lateCommits.add(commitId)
    if (this.#lateCommits.size <= MAX_LATE) return
    for (const oldest of this.#lateCommits) {
      this.#lateCommits.delete(oldest)
      break
    }
  }
}

function tooSlow(): StoreError {
  return new StoreError('unavailable', 'the disk takes too long')
}
