import type { Operation } from './history.js'
import type { SequentialModel } from './check-linearizable.js'
import { UNKNOWN } from './history.js'

/** How much work one search may do. */
export interface SearchBudget {
  readonly maxSteps: number
  readonly maxRemembered: number
  /** By `performance.now()`. */
  readonly deadline: number
}

export type SearchResult<Input, Output> =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'violation'
      readonly explained: readonly Operation<Input, Output>[]
      readonly stuckAt: Operation<Input, Output>
    }
  | { readonly kind: 'undecided'; readonly reason: 'steps' | 'memory' | 'time' }

/** A call or an answer in the list of what has not been put in order yet. */
interface Event {
  readonly operation: number
  readonly isCall: boolean
  readonly at: number
  before: Event | null
  after: Event | null
  /** The answer that belongs to a call; null for what is unknown, and for answers. */
  answer: Event | null
}

const STEPS_BETWEEN_LOOKS_AT_CLOCK = 1024

/**
 * Looks for an order of one object's operations. The list of events shrinks as operations are put in order and
 * grows back when they are taken out again; of the operations whose call comes before the first answer in the
 * list, each may be the next. Configurations that were tried are remembered, and not tried again.
 */
export class ObjectSearch<State, Input, Output> {
  readonly #operations: readonly Operation<Input, Output>[]
  readonly #model: SequentialModel<State, Input, Output>
  readonly #budget: SearchBudget
  readonly #head: Event
  readonly #chosen: { readonly call: Event; readonly before: State }[] = []
  readonly #tried = new Set<string>()
  #state: State
  /** Operations with an answer that have no place yet. */
  #answersLeft: number
  /** The last position of a chosen operation in the order of calls, one for each of `#chosen`. */
  readonly #highest: number[] = [-1]
  #best: SearchResult<Input, Output> | null = null
  #bestLength = -1
  #steps = 0

  constructor(
    operations: readonly Operation<Input, Output>[],
    model: SequentialModel<State, Input, Output>,
    initial: State,
    budget: SearchBudget,
  ) {
    this.#operations = [...operations].sort((a, b) => a.calledAt - b.calledAt)
    this.#model = model
    this.#state = initial
    this.#budget = budget
    this.#answersLeft = this.#operations.filter(({ output }) => output !== UNKNOWN).length
    this.#head = listEvents(this.#operations)
  }

  run(): SearchResult<Input, Output> {
    let event = this.#head.after
    while (this.#answersLeft > 0) {
      const exhausted = this.#spendStep()
      if (exhausted !== null) return { kind: 'undecided', reason: exhausted }
      if (event?.isCall === true) {
        event = this.#tryNext(event) ? this.#head.after : event.after
        continue
      }
      this.#noteStuck(event)
      const last = this.#chosen.pop()
      if (last === undefined) return this.#best!
      this.#takeBack(last.call, last.before)
      event = last.call.after
    }
    return { kind: 'linearizable' }
  }

  #spendStep(): 'steps' | 'memory' | 'time' | null {
    const { maxSteps, maxRemembered, deadline } = this.#budget
    if (++this.#steps > maxSteps) return 'steps'
    if (this.#tried.size > maxRemembered) return 'memory'
    const looksAtClock = this.#steps % STEPS_BETWEEN_LOOKS_AT_CLOCK === 0
    return looksAtClock && performance.now() > deadline ? 'time' : null
  }

  /** Puts an operation next in the order, if its answer fits and that has not been tried before. */
  #tryNext(call: Event): boolean {
    const { input, output } = this.#operations[call.operation]!
    const state = this.#model.step(this.#state, input, output)
    if (state === null) return false
    const highest = Math.max(this.#highest.at(-1)!, call.operation)
    unlink(call)
    const key = this.#configuration(highest, state)
    if (this.#tried.has(key)) {
      relink(call)
      return false
    }
    this.#tried.add(key)
    if (call.answer !== null) {
      unlink(call.answer)
      this.#answersLeft--
    }
    this.#chosen.push({ call, before: this.#state })
    this.#highest.push(highest)
    this.#state = state
    return true
  }

  #takeBack(call: Event, before: State): void {
    if (call.answer !== null) {
      relink(call.answer)
      this.#answersLeft++
    }
    relink(call)
    this.#highest.pop()
    this.#state = before
  }

  /**
   * Which operations have a place, and the state. The former is told by the last of them and by the gaps before it,
   * of which there are no more than callers at once and unknown outcomes.
   */
  #configuration(highest: number, state: State): string {
    let gaps = `${highest}`
    for (let event = this.#head.after; event !== null; event = event.after) {
      if (event.isCall && event.operation > highest) break
      if (event.isCall) gaps += `,${event.operation}`
    }
    return `${gaps};${this.#model.keyOf(state)}`
  }

  #noteStuck(answer: Event | null): void {
    if (answer === null || this.#chosen.length <= this.#bestLength) return
    this.#bestLength = this.#chosen.length
    const explained = this.#chosen.map(({ call }) => this.#operations[call.operation]!)
    this.#best = { kind: 'violation', explained, stuckAt: this.#operations[answer.operation]! }
  }
}

/** Calls and answers in the order of time; of several at one moment the calls come first, as they overlap. */
function listEvents(operations: readonly Operation<unknown, unknown>[]): Event {
  const events: Event[] = []
  operations.forEach(({ calledAt, returnedAt, output }, operation) => {
    const answer: Event | null =
      output === UNKNOWN
        ? null
        : { operation, isCall: false, at: returnedAt, before: null, after: null, answer: null }
    events.push({ operation, isCall: true, at: calledAt, before: null, after: null, answer })
    if (answer !== null) events.push(answer)
  })
  events.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall) || a.operation - b.operation)
  const head: Event = { operation: -1, isCall: false, at: -Infinity, before: null, after: null, answer: null }
  let last = head
  for (const event of events) {
    last.after = event
    event.before = last
    last = event
  }
  return head
}

function unlink(event: Event): void {
  event.before!.after = event.after
  if (event.after !== null) event.after.before = event.before
}

/** Events come back in the reverse order of their leaving, so their neighbours are the ones they had. */
function relink(event: Event): void {
  event.before!.after = event
  if (event.after !== null) event.after.before = event
}
