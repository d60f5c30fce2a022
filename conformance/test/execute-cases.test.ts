import { describe, expect, test } from 'vitest'
import { executeCases, type ServerRun } from '../src/run/execute-server-cases.js'
import { runAtOnce } from '../src/run/worker-pool.js'
import { defineCases, type ServerCase } from '../src/server/server-case.js'
import type { CaseReport } from '../src/report/run-report.js'

const CASES: readonly ServerCase[] = [
  ...defineCases('5.1', [
    { id: '5.1/passes', level: 'MUST', title: 'a case that passes', run: () => Promise.resolve() },
    {
      id: '5.1/breach',
      level: 'MUST',
      title: 'a case that finds a breach',
      async run(ctx) {
        ;(await ctx.request('PUT', ctx.newPath(), { body: 'sent' })).expectStatus(201)
      },
    },
    {
      id: '5.1/zips',
      level: 'MAY',
      title: 'a case that needs compression',
      needs: ['compression'],
      run: () => Promise.resolve(),
    },
  ]),
]

interface Requests {
  readonly sent: Request[]
  readonly fetch: NonNullable<ServerRun['fetch']>
}

/** A server that is always in breach, and remembers what it was asked. */
function brokenServer(): Requests {
  const sent: Request[] = []
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    sent.push(new Request(url, init))
    return Promise.resolve(new Response('oops', { status: 500, headers: { 'Stream-Closed': 'true' } }))
  }
  return { sent, fetch }
}

async function execute(options: Partial<ServerRun> = {}, cases = CASES): Promise<Map<string, CaseReport>> {
  const reports = await executeCases(cases, {
    baseUrl: 'http://localhost:1',
    fetch: brokenServer().fetch,
    longPollTimeoutMs: 100,
    ...options,
  })
  return new Map(reports.map((one) => [one.id, one]))
}

describe('verdicts', () => {
  test('say how each case came out, in the order of the specification', async () => {
    const reports = await execute()
    expect([...reports.values()].map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      '5.1/passes passed',
      '5.1/breach failed',
      '5.1/zips skipped',
    ])
    expect(reports.get('5.1/zips')?.reason).toBe('needs compression')
  })

  test('of a listed case are known-failure or fixed', async () => {
    const reports = await execute({ knownFailures: ['5.1/breach', '5.1/passes'] })
    expect(reports.get('5.1/breach')?.verdict).toBe('known-failure')
    expect(reports.get('5.1/passes')?.verdict).toBe('fixed')
  })

  test('of a failure carry what was expected, what was sent and what came', async () => {
    const reports = await execute({ headers: { Authorization: 'Bearer abc' } })
    const { message, exchanges } = reports.get('5.1/breach')!.failure!
    expect(message).toBe('expected status 201, got 500')
    expect(exchanges).toHaveLength(1)
    expect(exchanges[0]).toMatchObject({
      method: 'PUT',
      requestBody: 'sent',
      status: 500,
      responseHeaders: { 'stream-closed': 'true' },
      responseBody: 'oops',
    })
  })

  test('an id that does not exist is an error before anything runs', async () => {
    await expect(execute({ knownFailures: ['5.1/typo'] })).rejects.toThrow('5.1/typo')
  })
})

describe('a case about time', () => {
  const attempts = async (slow: boolean, pauseMs: number): Promise<number> => {
    let count = 0
    const one: Omit<ServerCase, 'section'> = {
      id: '5.7/late',
      level: 'MUST',
      title: 'fails after a pause that is too long',
      ...(slow ? { slow } : {}),
      async run(ctx) {
        count += 1
        const blockedUntil = performance.now() + pauseMs
        const pause = ctx.sleep(1)
        while (performance.now() < blockedUntil);
        await pause
        throw new Error('too late')
      },
    }
    expect((await execute({}, defineCases('5.7', [one]))).get('5.7/late')?.verdict).toBe('failed')
    return count
  }

  test('that fails where the machine was late is tried again, a few times', async () => {
    expect(await attempts(true, 300)).toBe(3)
  })

  test('that fails in good time has failed, and so has any other case', async () => {
    expect(await attempts(true, 5)).toBe(1)
    expect(await attempts(false, 300)).toBe(1)
  })
})

describe('a run', () => {
  test('sends its headers with every request, and removes what it created', async () => {
    const { sent, fetch } = brokenServer()
    await execute({ fetch, headers: { Authorization: 'Bearer abc' } })
    expect(sent.map(({ method }) => method)).toEqual(['PUT', 'DELETE'])
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer abc', 'Bearer abc'])
    expect(sent[0]?.url).toBe(sent[1]?.url)
  })

  test('does not stumble over what a case left behind', async () => {
    const cases = defineCases('5.1', [
      {
        id: '5.1/leaves',
        level: 'MUST',
        title: 'fails while a request is under way',
        run(ctx) {
          void ctx.request('GET', ctx.newPath())
          return Promise.reject(new Error('elsewhere'))
        },
      },
    ])
    const fetch = (_url: string, { method, signal }: RequestInit): Promise<Response> =>
      method === 'DELETE'
        ? Promise.resolve(new Response(null, { status: 204 }))
        : new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('aborted')))
          })
    // An unhandled rejection would fail the test run.
    expect((await execute({ fetch }, cases)).get('5.1/leaves')?.failure?.message).toBe('elsewhere')
    await new Promise((resolve) => setImmediate(resolve))
  })

  test('that is stopped says not-run of what had not ended', async () => {
    const stop = new AbortController()
    const waiting = defineCases('5.7', [
      { id: '5.7/first', level: 'MUST', title: 'passes at once', run: () => Promise.resolve() },
      {
        id: '5.7/waits',
        level: 'MUST',
        title: 'waits until it is stopped',
        run: () => {
          stop.abort()
          return Promise.reject(new Error('cut off'))
        },
      },
      { id: '5.7/never', level: 'MUST', title: 'is never started', run: () => Promise.resolve() },
    ])
    const reports = await execute({ signal: stop.signal, concurrency: 1 }, waiting)
    expect([...reports.values()].map(({ verdict }) => verdict)).toEqual(['passed', 'not-run', 'not-run'])
  })

  test('starts slow cases once the time of a long-poll is known, and does not hold up quick ones', async () => {
    const order: string[] = []
    const note = (id: string, slow?: true): Omit<ServerCase, 'section'> => ({
      id,
      level: 'MUST',
      title: 'notes when it runs',
      ...(slow === undefined ? {} : { slow }),
      run(ctx) {
        order.push(`${id} ${ctx.longPollTimeoutMs}`)
        return Promise.resolve()
      },
    })
    let tell: (timeoutMs: number) => void = () => undefined
    const longPollTimeoutMs = new Promise<number>((resolve) => (tell = resolve))
    const running = execute(
      { longPollTimeoutMs, onCase: ({ id }) => id === '5.7/quick' && tell(777) },
      defineCases('5.7', [note('5.7/slow', true), note('5.7/quick')]),
    )
    await running
    expect(order).toEqual(['5.7/quick 2000', '5.7/slow 777'])
  })

  test('has no more than its concurrency under way', async () => {
    let running = 0
    let most = 0
    await runAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
    })
    expect(most).toBe(3)
  })
})
