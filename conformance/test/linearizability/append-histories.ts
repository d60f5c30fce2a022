import type { LogInput, LogOutput } from '../../src/store/linearizability/append-log-model.js'
import type { History, Operation } from '../../src/store/linearizability/history.js'
import type { RandomNumbers } from '../../src/store/random-numbers.js'
import { UNKNOWN } from '../../src/store/linearizability/history.js'
import { simulateClients, type ClientOptions, type Simulated } from './simulate-clients.js'

type LogOperation = Operation<LogInput, LogOutput>
type Log = History<LogInput, LogOutput>
type Append = Extract<LogInput, { op: 'append' }>

/** A correct log, and clients that append, repeat what was lost, read on and look at the tail. */
export function makeAppendHistory(random: RandomNumbers, options: ClientOptions): Log {
  return simulateClients(new SimulatedLog(random), random, options)
}

class SimulatedLog implements Simulated<LogInput, LogOutput> {
  readonly #random: RandomNumbers
  readonly #ids = new Set<string>()
  readonly #open: (Append | null)[] = []
  #content = ''
  #messages = 0
  /** The last read shows everything, so that nothing that was changed can hide behind its end. */
  #isLast = false

  constructor(random: RandomNumbers) {
    this.#random = random
  }

  next(client: number, isLast: boolean): LogInput {
    this.#isLast = isLast
    if (isLast) return { op: 'read', from: 0 }
    const repeated = this.#open[client] ?? null
    if (repeated !== null && this.#random.chance(0.7)) return repeated
    if (this.#random.chance(0.2)) return { op: 'head' }
    if (this.#random.chance(0.4)) return { op: 'read', from: this.#random.below(this.#content.length + 1) }
    const id = `m${++this.#messages}`
    const append: Append = { op: 'append', id, data: `<${id}${'.'.repeat(this.#random.below(4))}>` }
    this.#open[client] = append
    return append
  }

  perform(input: LogInput): LogOutput {
    switch (input.op) {
      case 'append': {
        if (this.#ids.has(input.id!)) return { kind: 'duplicate', tail: this.#content.length }
        this.#ids.add(input.id!)
        this.#content += input.data
        return { kind: 'appended', tail: this.#content.length }
      }
      case 'close':
        throw new Error('these clients do not close')
      case 'read': {
        const upToDate = this.#isLast || this.#random.chance(0.7)
        const end = upToDate
          ? this.#content.length
          : input.from + this.#random.below(this.#content.length - input.from + 1)
        return { kind: 'data', data: this.#content.slice(input.from, end), upToDate, closed: false }
      }
      case 'head':
        return { kind: 'head', tail: this.#content.length, closed: false }
    }
  }

  answered(client: number, input: LogInput): void {
    if (input.op === 'append') this.#open[client] = null
  }
}

/** Each makes a history that nothing can explain, or null where it does not apply. */
export const APPEND_MUTATIONS: Readonly<Record<string, (log: Log, random: RandomNumbers) => Log | null>> = {
  'an acknowledged append is lost': (log, random) =>
    changeLastRead(log, acknowledged(log), random, (text, { data }) => text.replace(data, '')),
  'a message is there twice': (log, random) =>
    changeLastRead(log, acknowledged(log), random, (text, { data }) => text.replace(data, data + data)),
  'two messages change places': (log, random) =>
    changeLastRead(log, acknowledged(log), random, (text, { data }) =>
      text.replace(data, '').replace(/^(<[^>]*>)?/, (first) => (first === '' ? '' : first + data)),
    ),
  'a byte is not the one that was appended': (log, random) =>
    changeLastRead(log, acknowledged(log), random, (text, { data }) =>
      text.replace(data, data.replace('m', 'x')),
    ),
  'an answer names another offset': (log, random) =>
    change(log, random, acknowledged(log), ({ input, output }) => ({
      input,
      output: { kind: 'appended', tail: (output as { tail: number }).tail + random.pick([-3, -1, 1, 2, 5]) },
    })),
  'what was acknowledged never happened': (log, random) => {
    const { calledAt, object } = random.pick(log.slice(0, -1))
    const input: LogInput = { op: 'append', data: '<never>', id: 'never' }
    return [...log, { object, input, output: { kind: 'appended' }, calledAt, returnedAt: calledAt + 1 }]
  },
  'what was refused has happened': (log, random) =>
    change(log, random, onlyAttempts(log), ({ input }) => ({ input, output: { kind: 'refused' } })),
  'a first attempt is taken for a repeated one': (log, random) =>
    change(log, random, onlyAttempts(log), ({ input }) => ({ input, output: { kind: 'duplicate' } })),
  'a reader is not shown what was acknowledged before': (log, random) => staleRead(log, random),
  'a reader is shown what nobody has appended yet': (log, random) => earlyRead(log, random),
  'the tail goes back': (log, random) => staleHead(log, random),
}

function isAcknowledged({ input, output }: LogOperation): boolean {
  return input.op === 'append' && output !== UNKNOWN && output.kind === 'appended'
}

function acknowledged(log: Log): LogOperation[] {
  return log.filter(isAcknowledged)
}

/** Acknowledged messages that were sent only once. */
function onlyAttempts(log: Log): LogOperation[] {
  return acknowledged(log).filter(({ input }) => log.filter((other) => other.input === input).length === 1)
}

function change(
  log: Log,
  random: RandomNumbers,
  candidates: readonly LogOperation[],
  to: (operation: LogOperation) => Pick<LogOperation, 'input' | 'output'>,
): Log | null {
  if (candidates.length === 0) return null
  const chosen = random.pick(candidates)
  return log.map((operation) => (operation === chosen ? { ...chosen, ...to(chosen) } : operation))
}

function changeLastRead(
  log: Log,
  candidates: readonly LogOperation[],
  random: RandomNumbers,
  to: (text: string, message: Append) => string,
): Log | null {
  if (candidates.length === 0) return null
  const last = log.at(-1)!
  const { data: text } = last.output as Extract<LogOutput, { kind: 'data' }>
  const data = to(text, random.pick(candidates).input as Append)
  if (data === text) return null
  const output: LogOutput = { kind: 'data', data, upToDate: true, closed: false }
  return [...log.slice(0, -1), { ...last, output }]
}

/** A read that began after an append was acknowledged, and the position before that append. */
function* readsAfter(log: Log, op: 'read' | 'head'): Generator<[read: LogOperation, start: number]> {
  for (const read of log) {
    if (read.input.op !== op || read.output === UNKNOWN) continue
    for (const append of acknowledged(log)) {
      if (append.returnedAt >= read.calledAt) continue
      const { tail } = append.output as { tail: number }
      yield [read, tail - (append.input as Append).data.length]
    }
  }
}

function staleRead(log: Log, random: RandomNumbers): Log | null {
  const found = [...readsAfter(log, 'read')].filter(
    ([read, start]) => (read.input as { from: number }).from <= start,
  )
  if (found.length === 0) return null
  const [read, start] = random.pick(found)
  const { from } = read.input as { from: number }
  const whole = (log.at(-1)!.output as { data: string }).data
  const output: LogOutput = { kind: 'data', data: whole.slice(from, start), upToDate: true, closed: false }
  return log.map((operation) => (operation === read ? { ...read, output } : operation))
}

function staleHead(log: Log, random: RandomNumbers): Log | null {
  const found = [...readsAfter(log, 'head')]
  if (found.length === 0) return null
  const [head, tail] = random.pick(found)
  const output: LogOutput = { kind: 'head', tail, closed: false }
  return log.map((operation) => (operation === head ? { ...head, output } : operation))
}

function earlyRead(log: Log, random: RandomNumbers): Log | null {
  const pairs = log.flatMap((read) => {
    if (read.input.op !== 'read' || read.output === UNKNOWN) return []
    const { returnedAt } = read
    return onlyAttempts(log)
      .filter((append) => append.calledAt > returnedAt)
      .map((append) => [read, append] as const)
  })
  if (pairs.length === 0) return null
  const [read, append] = random.pick(pairs)
  const before = read.output as Extract<LogOutput, { kind: 'data' }>
  const output: LogOutput = { ...before, data: before.data + (append.input as Append).data }
  return log.map((operation) => (operation === read ? { ...read, output } : operation))
}
