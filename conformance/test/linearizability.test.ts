import { describe, expect, test } from 'vitest'
import type { History, LinearizabilityVerdict, LogInput, LogOutput, Operation } from '../src/index.js'
import {
  HistoryRecorder,
  RandomNumbers,
  UNKNOWN,
  appendLogModel,
  checkLinearizable,
  commitLogModel,
} from '../src/index.js'
import { APPEND_MUTATIONS, makeAppendHistory } from './linearizability/append-histories.js'
import { isExplained } from './linearizability/every-order.js'
import { COMMIT_MUTATIONS, makeCommitHistory } from './linearizability/commit-histories.js'

const HISTORIES = Number(process.env['DS_MUTATED_HISTORIES'] ?? 500)
const OPTIONS = { clients: 5, operations: 40, loss: 0.05 }

const checkAppends = (
  log: History<LogInput, LogOutput>,
): LinearizabilityVerdict<LogInput, LogOutput>['kind'] => checkLinearizable(log, appendLogModel).kind

describe('the checker', () => {
  test.each([
    ['appends', (random: RandomNumbers) => checkAppends(makeAppendHistory(random, OPTIONS))],
    [
      'commits',
      (random: RandomNumbers) => checkLinearizable(makeCommitHistory(random, OPTIONS), commitLogModel).kind,
    ],
  ])(
    'accepts what concurrent clients see of %s that happen one after the other',
    (_, verdict) => {
      for (let seed = 1; seed <= HISTORIES; seed++)
        expect(verdict(new RandomNumbers(seed)), `seed ${seed}`).toBe('linearizable')
    },
    60_000,
  )

  test(`rejects ${HISTORIES} histories with something wrong in them`, () => {
    const kinds = [
      ...Object.entries(APPEND_MUTATIONS).map(([name, mutate]) => {
        return { name, make: (random: RandomNumbers) => mutate(makeAppendHistory(random, OPTIONS), random) }
      }),
    ]
    const commitKinds = Object.entries(COMMIT_MUTATIONS).map(([name, mutate]) => {
      return { name, make: (random: RandomNumbers) => mutate(makeCommitHistory(random, OPTIONS), random) }
    })
    const rejected = new Map<string, number>()
    let made = 0
    for (let seed = 1; made < HISTORIES; seed++) {
      const random = new RandomNumbers(seed)
      const index = seed % (kinds.length + commitKinds.length)
      const { name } = kinds[index] ?? commitKinds[index - kinds.length]!
      let kind: string | undefined
      if (index < kinds.length) {
        const log = kinds[index]!.make(random)
        if (log !== null) kind = checkLinearizable(log, appendLogModel).kind
      } else {
        const log = commitKinds[index - kinds.length]!.make(random)
        if (log !== null) kind = checkLinearizable(log, commitLogModel).kind
      }
      if (kind === undefined) continue
      made++
      expect(kind, `seed ${seed}: ${name}`).toBe('violation')
      rejected.set(name, (rejected.get(name) ?? 0) + 1)
    }
    for (const { name } of [...kinds, ...commitKinds])
      expect(rejected.get(name), name).toBeGreaterThan(HISTORIES / 100)
  }, 60_000)
})

/** A few operations with answers that may be right or wrong, at times that overlap now and then. */
function makeSmallHistory(random: RandomNumbers): History<LogInput, LogOutput> {
  return Array.from({ length: 6 }, (_, i): Operation<LogInput, LogOutput> => {
    const calledAt = random.below(8)
    const times = { object: 's', calledAt, returnedAt: calledAt + random.below(5) }
    const isUnknown = random.chance(0.2)
    if (random.chance(0.5)) {
      const input: LogInput = { op: 'append', data: i < 3 ? 'ab'[i % 2]! : 'c', close: random.chance(0.1) }
      const told: LogOutput = random.chance(0.3)
        ? { kind: 'appended', tail: 1 + random.below(3) }
        : { kind: random.chance(0.8) ? 'appended' : 'closed' }
      return { ...times, input, output: isUnknown ? UNKNOWN : told }
    }
    const data = random.pick(['', '', 'a', 'b', 'c', 'ab', 'ac', 'abc', 'aab'])
    const output: LogOutput = {
      kind: 'data',
      data,
      upToDate: random.chance(0.7),
      closed: random.chance(0.05),
    }
    return { ...times, input: { op: 'read', from: 0 }, output: isUnknown ? UNKNOWN : output }
  })
}

describe('compared with trying every order', () => {
  test('the checker gives the same answer', () => {
    const counts = { linearizable: 0, violation: 0, undecided: 0 }
    for (let seed = 1; seed <= 5_000; seed++) {
      const history = makeSmallHistory(new RandomNumbers(seed))
      const kind = checkAppends(history)
      expect(kind, `seed ${seed}`).toBe(isExplained(history, appendLogModel) ? 'linearizable' : 'violation')
      counts[kind]++
    }
    expect(Math.min(counts.linearizable, counts.violation)).toBeGreaterThan(200)
  }, 60_000)
})

describe('long histories', () => {
  test('of many clients with some lost answers are decided', () => {
    const log = makeAppendHistory(new RandomNumbers(5), { clients: 16, operations: 2_000, loss: 0.01 })
    expect(checkAppends(log)).toBe('linearizable')
    const wrong = APPEND_MUTATIONS['an acknowledged append is lost']!(log, new RandomNumbers(6))!
    expect(checkAppends(wrong)).toBe('violation')
  }, 60_000)
})

describe('the order of time', () => {
  type LogOperation = Operation<LogInput, LogOutput>
  const append = (
    data: string,
    calledAt: number,
    returnedAt: number,
    output: LogOperation['output'],
  ): LogOperation => ({ object: 's', input: { op: 'append', data }, output, calledAt, returnedAt })
  const read = (data: string, calledAt: number, returnedAt: number): LogOperation => ({
    object: 's',
    input: { op: 'read', from: 0 },
    output: { kind: 'data', data, upToDate: true, closed: false },
    calledAt,
    returnedAt,
  })

  test('lets what overlaps happen in either order, and what does not only in one', () => {
    const appended: LogOutput = { kind: 'appended' }
    expect(checkAppends([append('a', 0, 5, appended), read('', 1, 2)])).toBe('linearizable')
    expect(checkAppends([append('a', 0, 5, appended), read('a', 1, 2)])).toBe('linearizable')
    expect(checkAppends([append('a', 0, 1, appended), read('', 2, 3)])).toBe('violation')
    expect(checkAppends([append('a', 0, 1, appended), read('', 1, 3)])).toBe('linearizable')
    expect(checkAppends([read('a', 0, 1), append('a', 2, 3, appended)])).toBe('violation')
  })

  test('lets what is unknown happen after its call, late, or never, and once', () => {
    const lost = append('a', 1, 2, UNKNOWN)
    expect(checkAppends([lost, read('', 3, 4), read('a', 5, 6), read('a', 7, 8)])).toBe('linearizable')
    expect(checkAppends([lost, read('', 3, 4)])).toBe('linearizable')
    expect(checkAppends([lost, read('a', 3, 4), read('', 5, 6)])).toBe('violation')
    expect(checkAppends([lost, read('aa', 3, 4)])).toBe('violation')
    expect(checkAppends([read('a', 0, 0.5), lost])).toBe('violation')
  })

  test('says how far a history can be explained, and what does not fit', () => {
    const verdict = checkLinearizable(
      [append('a', 0, 1, { kind: 'appended', tail: 1 }), append('b', 2, 3, { kind: 'appended', tail: 3 })],
      appendLogModel,
    )
    expect(verdict).toMatchObject({
      kind: 'violation',
      object: 's',
      explained: [{ input: { data: 'a' } }],
      stuckAt: { input: { data: 'b' } },
    })
  })

  test('an answer before its call is refused', () => {
    expect(() => checkAppends([read('', 2, 1)])).toThrow(RangeError)
  })
})

describe('the limits', () => {
  /** Appends that all overlap and tell nothing, and a read that none of their orders explains. */
  const hopeless: History<LogInput, LogOutput> = [
    ...Array.from({ length: 14 }, (_, i) => ({
      object: 's',
      input: { op: 'append', data: String.fromCharCode(97 + i) } as const,
      output: { kind: 'appended' } as const,
      calledAt: 0,
      returnedAt: 10,
    })),
    {
      object: 's',
      input: { op: 'read', from: 0 },
      output: { kind: 'data', data: '?', upToDate: true, closed: false },
      calledAt: 11,
      returnedAt: 12,
    },
  ]

  test.each([
    ['steps', { maxSteps: 1_000 }],
    ['memory', { maxRemembered: 1_000 }],
    ['time', { timeLimitMs: 50 }],
  ])('of %s end a search without an answer', (reason, limits) => {
    const begun = performance.now()
    expect(checkLinearizable(hopeless, appendLogModel, limits)).toEqual({
      kind: 'undecided',
      object: 's',
      reason,
    })
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('do not hide a violation of another object', () => {
    const wrong = {
      object: 't',
      input: { op: 'read', from: 0 } as const,
      output: { kind: 'data', data: '?', upToDate: true, closed: false } as const,
      calledAt: 0,
      returnedAt: 1,
    }
    expect(checkLinearizable([...hopeless, wrong], appendLogModel, { maxSteps: 50_000 })).toMatchObject({
      kind: 'violation',
      object: 't',
    })
  })
})

describe('the recorder', () => {
  test('notes calls and answers in their order, and what fails as unknown', async () => {
    const recorder = new HistoryRecorder<string, number>()
    let release = (): void => undefined
    const slow = recorder.record(
      'a',
      'slow',
      () => new Promise<number>((resolve) => (release = () => resolve(1))),
    )
    await recorder.record('b', 'quick', () => 2)
    release()
    await slow
    await expect(recorder.record('a', 'bad', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    expect(recorder.history).toEqual([
      { object: 'b', input: 'quick', output: 2, calledAt: 1, returnedAt: 2 },
      { object: 'a', input: 'slow', output: 1, calledAt: 0, returnedAt: 3 },
      { object: 'a', input: 'bad', output: UNKNOWN, calledAt: 4, returnedAt: 5 },
    ])
  })
})
