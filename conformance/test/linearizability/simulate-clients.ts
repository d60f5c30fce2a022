import type { History, Operation } from '../../src/store/linearizability/history.js'
import type { RandomNumbers } from '../../src/store/random-numbers.js'
import { UNKNOWN } from '../../src/store/linearizability/history.js'

/** An object that does one thing after the other, and so is right by construction. */
export interface Simulated<Input, Output> {
  /** What some client asks next; `isLast` when the others have finished. */
  next(client: number, isLast: boolean): Input
  perform(input: Input): Output
  /** Told of every answer, so that clients ask for what they know of. */
  answered?(client: number, input: Input, output: Output): void
}

interface Attempt<Input, Output> {
  readonly client: number
  readonly input: Input
  readonly calledAt: number
  output: Output | null
}

export interface ClientOptions {
  readonly clients: number
  readonly operations: number
  /** How likely an answer is lost. */
  readonly loss: number
}

/**
 * Clients that use a correct object at once: operations are called, happen and are answered in a random order.
 * Some answers are lost; such operations may happen much later, or never. One client looks when all is done.
 */
export function simulateClients<Input, Output>(
  object: Simulated<Input, Output>,
  random: RandomNumbers,
  options: ClientOptions,
): History<Input, Output> {
  const history: Operation<Input, Output>[] = []
  const attempts: Attempt<Input, Output>[] = []
  const abandoned: Attempt<Input, Output>[] = []
  let time = 0
  let begun = 0
  const note = (attempt: Attempt<Input, Output>, output: Output | typeof UNKNOWN): void => {
    const { input, calledAt } = attempt
    history.push({ object: 'stream', input, output, calledAt, returnedAt: time })
    attempts.splice(attempts.indexOf(attempt), 1)
  }
  while (begun < options.operations || attempts.length > 0) {
    time += 1 + random.below(3)
    const idle = Array.from({ length: options.clients }, (_, i) => i).filter((client) =>
      attempts.every((attempt) => attempt.client !== client),
    )
    if (idle.length > 0 && begun < options.operations && random.chance(0.5)) {
      const client = random.pick(idle)
      attempts.push({ client, input: object.next(client, false), calledAt: time, output: null })
      begun++
      continue
    }
    if (abandoned.length > 0 && random.chance(0.02)) object.perform(abandoned.shift()!.input)
    if (attempts.length === 0) continue
    const attempt = random.pick(attempts)
    if (random.chance(options.loss)) {
      if (attempt.output === null) abandoned.push(attempt)
      note(attempt, UNKNOWN)
    } else if (attempt.output === null) {
      attempt.output = object.perform(attempt.input)
    } else {
      object.answered?.(attempt.client, attempt.input, attempt.output)
      note(attempt, attempt.output)
    }
  }
  const input = object.next(0, true)
  history.push({
    object: 'stream',
    input,
    output: object.perform(input),
    calledAt: time + 1,
    returnedAt: time + 2,
  })
  return history
}
