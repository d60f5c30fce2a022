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

/** A configuration, and what is left to try in it. */
interface Frame<State> {
  /** How many operations had a place, and what the state was, before the configuration was entered. */
  readonly lengthBefore: number
  readonly stateBefore: State
  /** The calls that may be next. */
  readonly candidates: readonly Event[]
  next: number
}

const TURNS_BETWEEN_LOOKS_AT_CLOCK = 256

/**
 * Looks for an order of one object's operations. The list of events shrinks as operations are put in order and
 * grows back when they are taken out again; of the operations whose call comes before the first answer in the
 * list, each may be the next. Configurations that were tried are remembered, and not tried again.
 *
 * An operation that fits and changes nothing is put next at once: whatever can come after it could come after it
 * later, too. Operations of unknown outcome are tried last, as most of them have not happened just now.
 */
export class ObjectSearch<State, Input, Output> {
  readonly #operations: readonly Operation<Input, Output>[]
  readonly #model: SequentialModel<State, Input, Output>
  readonly #budget: SearchBudget
  readonly #head: Event
  readonly #frames: Frame<State>[] = []
  /** The order so far. */
  readonly #chosen: Event[] = []
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
    this.#enter(null, this.#state)
    for (let turn = 1; this.#answersLeft > 0; turn++) {
      const exhausted = this.#findExhausted(turn)
      if (exhausted !== null) return { kind: 'undecided', reason: exhausted }
      const frame = this.#frames.at(-1)
      if (frame === undefined) return this.#best!
      const call = frame.candidates[frame.next++]
      if (call === undefined) {
        this.#noteStuck()
        this.#frames.pop()
        this.#takeBack(frame.lengthBefore, frame.stateBefore)
        continue
      }
      const state = this.#step(call)
      if (state !== null) this.#enter(call, state)
    }
    return { kind: 'linearizable' }
  }

  #findExhausted(turn: number): 'steps' | 'memory' | 'time' | null {
    const { maxSteps, maxRemembered, deadline } = this.#budget
    if (this.#steps > maxSteps) return 'steps'
    if (this.#tried.size > maxRemembered) return 'memory'
    return turn % TURNS_BETWEEN_LOOKS_AT_CLOCK === 0 && performance.now() > deadline ? 'time' : null
  }

  #step(call: Event): State | null {
    this.#steps++
    const { input, output } = this.#operations[call.operation]!
    return this.#model.step(this.#state, input, output)
  }

  /** Puts a call next, and all that fit without changing anything, unless that has been tried before. */
  #enter(call: Event | null, state: State): void {
    const lengthBefore = this.#chosen.length
    const stateBefore = this.#state
    if (call !== null) this.#choose(call)
    this.#state = state
    this.#chooseHarmless()
    const key = this.#configuration()
    if (this.#tried.has(key)) {
      this.#takeBack(lengthBefore, stateBefore)
      return
    }
    this.#tried.add(key)
    this.#frames.push({ lengthBefore, stateBefore, candidates: this.#findCandidates(), next: 0 })
  }

  #chooseHarmless(): void {
    let before = this.#head
    while (before.after?.isCall === true) {
      const call = before.after
      if (call.answer !== null && this.#step(call) === this.#state) this.#choose(call)
      else before = call
    }
  }

  #findCandidates(): Event[] {
    const known: Event[] = []
    const unknown: Event[] = []
    for (let event = this.#head.after; event?.isCall === true; event = event.after) {
      if (event.answer === null) unknown.push(event)
      else known.push(event)
    }
    return known.concat(unknown)
  }

  #choose(call: Event): void {
    unlink(call)
    if (call.answer !== null) {
      unlink(call.answer)
      this.#answersLeft--
    }
    this.#chosen.push(call)
    this.#highest.push(Math.max(this.#highest.at(-1)!, call.operation))
  }

  /** Takes operations back, the last one first, until so many are left. */
  #takeBack(length: number, state: State): void {
    while (this.#chosen.length > length) {
      const call = this.#chosen.pop()!
      this.#highest.pop()
      if (call.answer !== null) {
        relink(call.answer)
        this.#answersLeft++
      }
      relink(call)
    }
    this.#state = state
  }

  /**
   * Which operations have a place, and the state. The former is told by the last of them and by the gaps before it,
   * of which there are no more than callers at once and unknown outcomes.
   */
  #configuration(): string {
    const highest = this.#highest.at(-1)!
    let gaps = `${highest}`
    for (let event = this.#head.after; event !== null; event = event.after) {
      if (event.isCall && event.operation > highest) break
      if (event.isCall) gaps += `,${event.operation}`
    }
    return `${gaps};${this.#model.keyOf(this.#state)}`
  }

  #noteStuck(): void {
    if (this.#chosen.length <= this.#bestLength) return
    this.#bestLength = this.#chosen.length
    let answer = this.#head.after!
    while (answer.isCall) answer = answer.after!
    const explained = this.#chosen.map(({ operation }) => this.#operations[operation]!)
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
