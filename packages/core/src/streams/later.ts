/**
 * A value that is still to come, told in the same moment in which it is there. A promise tells it in a tick of its own,
 * and on the way of a small append lie so many that they would take a tenth of its time. It has one listener (`then` throws
 * for a second one); unlike a promise it may call it before `then` returns, and an error that nobody listens for is lost.
 */
export class Later<T> implements PromiseLike<T> {
  #state: 'pending' | 'resolved' | 'rejected' = 'pending'
  #outcome: unknown = null
  #onValue: ((value: never) => unknown) | null = null
  #onError: ((error: unknown) => unknown) | null = null
  /** What the listener makes of the outcome; null while nobody listens. */
  #next: Later<unknown> | null = null

  then<Value = T, Failure = never>(
    onValue: ((value: T) => Value | PromiseLike<Value>) | null = null,
    onError: ((error: unknown) => Failure | PromiseLike<Failure>) | null = null,
  ): Later<Value | Failure> {
    if (this.#next !== null && this.#state === 'pending') throw new Error('a Later has one listener')
    const next = new Later<Value | Failure>()
    this.#onValue = onValue
    this.#onError = onError
    this.#next = next
    if (this.#state !== 'pending') this.#tell(this.#next)
    return next
  }

  resolve(value: T): void {
    this.#settle('resolved', value)
  }

  reject(error: unknown): void {
    this.#settle('rejected', error)
  }

  #settle(state: 'resolved' | 'rejected', outcome: unknown): void {
    if (this.#state !== 'pending') return
    this.#state = state
    this.#outcome = outcome
    if (this.#next !== null) this.#tell(this.#next)
  }

  #tell(next: Later<unknown>): void {
    const isResolved = this.#state === 'resolved'
    const act = isResolved ? this.#onValue : this.#onError
    if (act !== null) next.#become(act, this.#outcome)
    else if (isResolved) next.resolve(this.#outcome)
    else next.reject(this.#outcome)
  }

  #become(act: (given: never) => unknown, given: unknown): void {
    try {
      const result = act(given as never)
      if (isThenable(result)) {
        result.then(
          (value) => this.resolve(value as T),
          (error: unknown) => this.reject(error),
        )
      } else this.resolve(result as T)
    } catch (error) {
      this.reject(error)
    }
  }
}

/** Apart from `isPromise`: what an engine learns of the objects that come here it learns for each function. */
function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && 'then' in result
}
