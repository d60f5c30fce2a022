import { ObjectSearch } from './object-search.js'
import type { History, Operation } from './history.js'
import { UNKNOWN } from './history.js'

/** What an object does when one operation comes after the other. */
export interface SequentialModel<State, Input, Output> {
  /** What an object is before the first operation. */
  initial(object: string): State
  /**
   * The state after an operation that answered `output`; null when it could not have answered so in this state.
   * States are never written to; the same object means that nothing has changed, which shortens the search. An operation of {@link UNKNOWN} outcome is asked for only as one that happened;
   * null when it could not have changed anything here.
   */
  step(state: State, input: Input, output: Output | typeof UNKNOWN): State | null
  /** The same text for states that behave alike from here on, and different texts for those that do not. */
  keyOf(state: State): string
}

/** How much work a check may do before it answers `undecided`. */
export interface CheckLimits {
  /** Steps of the search, per object. Default 2,000,000. */
  readonly maxSteps?: number
  /** Configurations that are remembered per object; each takes about a hundred bytes. Default 500,000. */
  readonly maxRemembered?: number
  /** Milliseconds for all objects; each gets an equal share of what is left. Default 20,000. */
  readonly timeLimitMs?: number
}

export type LinearizabilityVerdict<Input, Output> =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'violation'
      readonly object: string
      /** The longest order that explains a part of the history. */
      readonly explained: readonly Operation<Input, Output>[]
      /** What had been answered when no order could be continued: it fits none of them. */
      readonly stuckAt: Operation<Input, Output>
    }
  | { readonly kind: 'undecided'; readonly object: string; readonly reason: 'steps' | 'memory' | 'time' }

/**
 * Whether some order of the operations explains all answers, while no operation comes before one that was answered
 * before it began. Operations of unknown outcome may take their place at any time after their call, or never.
 *
 * It is the search of Wing and Gong with the memory of Lowe, object by object: linearizability is local, so that the
 * objects need not be looked at together. The search may take exponential time, and is given up at its limits.
 */
export function checkLinearizable<State, Input, Output>(
  history: History<Input, Output>,
  model: SequentialModel<State, Input, Output>,
  limits: CheckLimits = {},
): LinearizabilityVerdict<Input, Output> {
  const { maxSteps = 2_000_000, maxRemembered = 500_000, timeLimitMs = 20_000 } = limits
  const deadline = performance.now() + timeLimitMs
  const parts = byObject(history)
  let left = parts.size
  let undecided: LinearizabilityVerdict<Input, Output> | null = null
  for (const [object, operations] of parts) {
    const now = performance.now()
    const budget = { maxSteps, maxRemembered, deadline: now + (deadline - now) / left-- }
    const found = new ObjectSearch(operations, model, model.initial(object), budget).run()
    if (found.kind === 'violation') return { ...found, object }
    // A later object may still show a violation, which is the better answer.
    if (found.kind === 'undecided') undecided ??= { ...found, object }
  }
  return undecided ?? { kind: 'linearizable' }
}

function byObject<Input, Output>(history: History<Input, Output>): Map<string, Operation<Input, Output>[]> {
  const parts = new Map<string, Operation<Input, Output>[]>()
  for (const operation of history) {
    if (operation.output !== UNKNOWN && operation.returnedAt < operation.calledAt) {
      throw new RangeError('an operation was answered before it was called')
    }
    const part = parts.get(operation.object)
    if (part === undefined) parts.set(operation.object, [operation])
    else part.push(operation)
  }
  return parts
}
