import type { History, SequentialModel } from '../../src/index.js'
import { UNKNOWN } from '../../src/index.js'

/** What the checker answers, found by trying every order: for small histories of one object. */
export function isExplained<State, Input, Output>(
  history: History<Input, Output>,
  model: SequentialModel<State, Input, Output>,
): boolean {
  const continueFrom = (state: State, left: History<Input, Output>): boolean =>
    left.every(({ output }) => output === UNKNOWN) ||
    left.some((operation) => {
      const { calledAt, input, output } = operation
      const isTooLate = left.some((other) => other.output !== UNKNOWN && other.returnedAt < calledAt)
      if (isTooLate) return false
      const next = model.step(state, input, output)
      return (
        next !== null &&
        continueFrom(
          next,
          left.filter((other) => other !== operation),
        )
      )
    })
  return continueFrom(model.initial('any'), history)
}
