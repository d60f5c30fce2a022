/** What an operation answers when nobody knows whether it happened: a time-out, a connection that broke. */
export const UNKNOWN: unique symbol = Symbol('unknown outcome')

/** One operation as its caller saw it. */
export interface Operation<Input, Output> {
  /** What it works on, such as a stream's path; operations on different objects are judged apart. */
  readonly object: string
  readonly input: Input
  /** {@link UNKNOWN} when it may or may not have happened, then or later. */
  readonly output: Output | typeof UNKNOWN
  /** When it was begun, in the units of any clock that all callers share. */
  readonly calledAt: number
  /** When its answer came; what is unknown may still happen after it. */
  readonly returnedAt: number
}

/** What concurrent callers did, in any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[]

/**
 * Notes what concurrent callers do. Its clock only counts, so the order of calls and answers is exact, and callers
 * in one process need no clock of their own.
 */
export class HistoryRecorder<Input, Output> {
  readonly #operations: Operation<Input, Output>[] = []
  #clock = 0

  get history(): History<Input, Output> {
    return this.#operations
  }

  /**
   * Carries an operation out and notes it.
   *
   * @param perform resolves with {@link UNKNOWN} when it cannot tell whether the operation happened. When it
   * rejects, the operation is noted as unknown, too, and the error is passed on.
   */
  async record(
    object: string,
    input: Input,
    perform: () => Output | typeof UNKNOWN | Promise<Output | typeof UNKNOWN>,
  ): Promise<Output | typeof UNKNOWN> {
    const calledAt = this.#clock++
    let output: Output | typeof UNKNOWN = UNKNOWN
    try {
      output = await perform()
      return output
    } finally {
      this.#operations.push({ object, input, output, calledAt, returnedAt: this.#clock++ })
    }
  }
}
