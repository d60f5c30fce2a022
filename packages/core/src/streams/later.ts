/** Whoever is told of an outcome without making anything of it. Must not throw. */
export interface Listener<T> {
  onValue(value: T): void
  onError(error: unknown): void
}

/**
 * A value that is still to come, told in the same moment in which it is there. A promise tells it in a tick of its own,
 * and on the way of a small append lie so many that they would take a tenth of its time. It has one listener (a
 * second one is refused by a throw); unlike a promise it may call it before `then` returns, and an error that nobody listens for is lost.
 */
export class Later<T> implements PromiseLike<T> {
  #state: 'pending' | 'resolved' | 'rejected' = 'pending'
  #outcome: unknown = null
  #onValue: ((value: never) => unknown) | null = null
  #onError: ((error: unknown) => unknown) | null = null
  /** What the listener makes of the outcome; null while nobody listens. */
  #next: Later<unknown> | null = null
  #listener: Listener<T> | null = null

  then<Value = T, Failure = never>(
    onValue: ((value: T) => Value | PromiseLike<Value>) | null = null,
    onError: ((error: unknown) => Failure | PromiseLike<Failure>) | null = null,
  ): Later<Value | Failure> {
    this.#refuseSecond()
    const next = new Later<Value | Failure>()
    this.#onValue = onValue
    this.#onError = onError
    this.#next = next
    if (this.#state !== 'pending') this.#tell(this.#next)
    return next
  }

  /** As `then`, for a listener of whose answer nobody wants to know; nothing is made for it. */
  tell(listener: Listener<T>): void {
    this.#refuseSecond()
    this.#listener = listener
    if (this.#state !== 'pending') this.#tellListener(listener)
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
    if (this.#listener !== null) this.#tellListener(this.#listener)
    else if (this.#next !== null) this.#tell(this.#next)
  }

  #refuseSecond(): void {
    const isHeard = this.#next !== null || this.#listener !== null
    if (isHeard && this.#state === 'pending') throw new Error('a Later has one listener')
  }

  #tellListener(listener: Listener<T>): void {
    if (this.#state === 'resolved') listener.onValue(this.#outcome as T)
    else listener.onError(this.#outcome)
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

/** Tells a listener what becomes of an answer, by the lightest way that there is. */
export function tell<T>(answer: PromiseLike<T>, listener: Listener<T>): void {
  if (answer instanceof Later) (answer as Later<T>).tell(listener)
  else {
    answer.then(
      (value) => listener.onValue(value),
      (error: unknown) => listener.onError(error),
    )
  }
}

/** Apart from `isPromise`: what an engine learns of the objects that come here it learns for each function. */
function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && 'then' in result
}
