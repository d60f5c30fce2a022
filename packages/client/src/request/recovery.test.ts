import { BackoffDefaults, backoffDelay, parseRetryAfter } from './backoff.js'
import { DurableStreamError, streamError } from '../errors/durable-stream-error.js'
import { describe, expect, test, vi } from 'vitest'
import { FetchError } from '../errors/fetch-error.js'
import { ManualClock } from '../../test/manual-clock.js'
import { Recovery } from './recovery.js'
import type { RecoveryOptions } from './recovery.js'
import { Requester } from './requester.js'

const NEVER = new AbortController().signal

function createRecovery(options: Partial<RecoveryOptions> = {}): { recovery: Recovery; clock: ManualClock } {
  const clock = new ManualClock()
  const requester = new Requester({ url: 'http://x/', headers: {}, params: {}, fetch })
  const recovery = new Recovery({
    requester,
    clock,
    backoff: BackoffDefaults,
    maxRetries: 3,
    onError: undefined,
    ...options,
  })
  return { recovery, clock }
}

function httpError(status: number, headers: Record<string, string> = {}): FetchError {
  return new FetchError(status, '', undefined, headers, 'http://x/')
}

/** Recovers from an error with as much time as it takes. */
async function recoverNow(
  recovery: Recovery,
  clock: ManualClock,
  error: Error,
  repeatable = true,
): Promise<void> {
  const done = recovery.recover(error, NEVER, repeatable)
  await Promise.resolve()
  await Promise.resolve()
  clock.advance(100_000)
  await done
}

describe('failures that pass', () => {
  test('are waited for longer and longer, up to the most', () => {
    const clock = new ManualClock()
    const delays = [1, 2, 3, 9, 20].map((attempt) => backoffDelay(attempt, BackoffDefaults, clock))
    expect(delays).toEqual([75, 150, 300, 19_200, 22_500])
  })

  test('are retried as often as is allowed, and then end it', async () => {
    const { recovery, clock } = createRecovery()
    const error = httpError(503)
    for (let i = 0; i < 3; i++) await recoverNow(recovery, clock, error)
    await expect(recoverNow(recovery, clock, error)).rejects.toBe(error)
  })

  test('are counted anew after a success', async () => {
    const { recovery, clock } = createRecovery()
    for (let i = 0; i < 9; i++) {
      await recoverNow(recovery, clock, httpError(500))
      if (i % 3 === 2) recovery.progressed()
    }
  })

  test('of somebody who became patient are retried for ever', async () => {
    const { recovery, clock } = createRecovery()
    recovery.becomePatient()
    for (let i = 0; i < 50; i++) await recoverNow(recovery, clock, httpError(0))
  })

  test('wait as long as Retry-After says', async () => {
    const { recovery, clock } = createRecovery()
    let isDone = false
    const done = recovery.recover(httpError(429, { 'retry-after': '20' }), NEVER).then(() => (isDone = true))
    clock.advance(19_999)
    recovery.hurry()
    await Promise.resolve()
    expect(isDone).toBe(false)
    clock.advance(1)
    await done
  })

  test('are tried at once when the network is back', async () => {
    const { recovery } = createRecovery()
    const done = recovery.recover(httpError(0), NEVER)
    recovery.hurry()
    await done
  })

  test('stop waiting when the caller gives up', async () => {
    const { recovery } = createRecovery()
    const controller = new AbortController()
    const done = recovery.recover(httpError(503, { 'retry-after': '9' }), controller.signal)
    controller.abort()
    await expect(done).rejects.toMatchObject({ name: 'FetchBackoffAbortError', code: 'ABORTED' })
  })
})

test.each([
  ['answers that are none', 'PROTOCOL_ERROR', 3],
  ['earlier answers', 'STALE_RESPONSE', 12],
] as const)('%s are retried so often', async (_, code, times) => {
  const { recovery, clock } = createRecovery({ maxRetries: Infinity })
  const error = streamError(code, 'no answer')
  for (let i = 0; i < times; i++) await recoverNow(recovery, clock, error)
  await expect(recoverNow(recovery, clock, error)).rejects.toBe(error)
})

test.each([
  [httpError(503), false],
  [httpError(0), false],
  [httpError(500), false],
  [httpError(429), true],
  [Object.assign(httpError(503), { serverCode: 'OVERLOADED' }), true],
  [Object.assign(httpError(503), { serverCode: 'OUTCOME_UNKNOWN' }), false],
])(
  'a write that cannot be told from its repetition is repeated only if it was certainly undone',
  async (error, isRetried) => {
    const { recovery, clock } = createRecovery()
    const done = recoverNow(recovery, clock, error, false)
    await (isRetried ? done : expect(done).rejects.toBe(error))
  },
)

describe('onError', () => {
  test('has a request tried again at once, and then slower and slower', async () => {
    const onError = vi.fn(() => ({}))
    const { recovery, clock } = createRecovery({ onError })
    for (let i = 0; i < 4; i++) await recoverNow(recovery, clock, httpError(404))
    expect(onError).toHaveBeenCalledTimes(4)
    expect(clock.delays).toEqual([75, 150, 300])
  })

  test('lets an error pass by returning nothing', async () => {
    const { recovery } = createRecovery({ onError: () => undefined })
    const error = httpError(401)
    await expect(recovery.recover(error, NEVER)).rejects.toBe(error)
  })

  test('must not return null', async () => {
    const { recovery } = createRecovery({ onError: (() => null) as never })
    await expect(recovery.recover(httpError(401), NEVER)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('is not asked about failures that pass', async () => {
    const onError = vi.fn()
    const { recovery, clock } = createRecovery({ onError })
    await recoverNow(recovery, clock, httpError(502))
    expect(onError).not.toHaveBeenCalled()
  })
})

test.each([
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['99999999', 86_400_000],
  ['soon', 0],
  [null, 0],
])('Retry-After %s is %s ms', (value, ms) => {
  expect(parseRetryAfter(value, 1_000)).toBe(ms)
})

test.each([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHORIZED'],
  [404, 'NOT_FOUND'],
  [410, 'GONE'],
  [413, 'PAYLOAD_TOO_LARGE'],
  [429, 'RATE_LIMITED'],
  [500, 'SERVER_ERROR'],
  [503, 'BUSY'],
  [0, 'NETWORK'],
  [418, 'UNKNOWN'],
])('status %s has the code %s', (status, code) => {
  const error = httpError(status)
  expect(error).toBeInstanceOf(DurableStreamError)
  expect(error).toMatchObject({ code, status, url: 'http://x/' })
})
