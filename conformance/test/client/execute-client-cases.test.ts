import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { AdapterFault, AdapterProcess } from '../../src/client/adapter-process.js'
import { executeClientCases, type ClientRun } from '../../src/client/execute-client-cases.js'
import { runClientCases } from '../../src/client/run-client-cases.js'
import type { CaseReport } from '../../src/report/run-report.js'
import { runInMemory } from '../command/run-in-memory.js'

// Adapters are processes, which take their time to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const ADAPTER = fileURLToPath(new URL('bad-adapter.mjs', import.meta.url))
const READY = fileURLToPath(new URL('../../adapters/npm-client.mjs', import.meta.url))
const APPENDS = 'client/appends-text'
const FOLLOWS = 'client/follows-sse'

const command = (behaviour: string): string[] => [process.execPath, ADAPTER, behaviour]

async function execute(behaviour: string, more: Partial<ClientRun> = {}): Promise<Map<string, CaseReport>> {
  const { cases } = await executeClientCases({ command: command(behaviour), only: [APPENDS], ...more })
  return new Map(cases.map((one) => [one.id, one]))
}

describe('an adapter', () => {
  test('that does not support a command, or lacks a feature, has its cases skipped', async () => {
    const reports = await execute('honest', { only: [APPENDS, FOLLOWS] })
    expect(reports.get(APPENDS)).toMatchObject({ verdict: 'skipped', reason: 'no' })
    expect(reports.get(FOLLOWS)).toMatchObject({ verdict: 'skipped', reason: 'needs sse' })
  })

  test('that reports what is not so fails, with what went over the pipe', async () => {
    const one = (await execute('lies')).get(APPENDS)!
    expect(one.verdict).toBe('failed')
    expect(one.failure?.message).toContain('the content')
    expect(one.failure?.message).toContain('command {"type":"append"')
  })

  test('that dies fails its case with the end of its standard error, and is started again for the next', async () => {
    const reports = await execute('dies', { only: [APPENDS, 'client/appends-json'], concurrency: 1 })
    for (const { verdict, failure } of reports.values()) {
      expect(verdict).toBe('failed')
      expect(failure?.message).toMatch(/ended with 3[^]*the reason of its end/)
    }
  })

  test('that writes anything but results fails its case', async () => {
    const one = (await execute('babbles')).get(APPENDS)!
    expect(one.failure?.message).toContain('wrote a line that is no result: Hello!')
  })

  test('that says nothing is given up', async () => {
    const one = (await execute('hangs', { caseTimeoutMs: 200 })).get(APPENDS)!
    expect(one.failure?.message).toContain('no result within 200 ms')
  })

  test('that cannot be started is a fault of the whole run', async () => {
    await expect(executeClientCases({ command: ['/no/such/adapter'] })).rejects.toThrow(AdapterFault)
  })

  test('gets one command at a time', async () => {
    const adapter = new AdapterProcess(command('hangs'))
    const first = adapter.send({ type: 'clear-dynamic' }, 100)
    await expect(adapter.send({ type: 'clear-dynamic' }, 100)).rejects.toThrow(
      'before the last one was answered',
    )
    await expect(first).rejects.toThrow('gave no result to clear-dynamic within 100 ms')
  })
})

describe('verdicts', () => {
  test('of listed cases are known-failure or fixed', async () => {
    expect((await execute('lies', { knownFailures: [APPENDS] })).get(APPENDS)?.verdict).toBe('known-failure')
    const ready = { command: [process.execPath, READY, '@ds/client'], knownFailures: [APPENDS] }
    expect((await execute('', ready)).get(APPENDS)?.verdict).toBe('fixed')
  })

  test('of a run that is stopped are not-run', async () => {
    const signal = AbortSignal.timeout(300)
    expect((await execute('hangs', { signal })).get(APPENDS)?.verdict).toBe('not-run')
  })
})

describe('runClientCases', () => {
  test('registers a test for each case, which fails or skips as its case came out', async () => {
    const bodies = new Map<string, (context?: unknown) => Promise<void>>()
    const register = (behaviour: string): void =>
      runClientCases({
        test: (name, body) => bodies.set(`${behaviour} ${name.split(' ')[0]}`, body),
        command: command(behaviour),
        only: [APPENDS],
      })
    register('lies')
    register('honest')
    await expect(bodies.get(`lies ${APPENDS}`)!()).rejects.toThrow(`${APPENDS} (§5.2, MUST)`)
    const skips: string[] = []
    await bodies.get(`honest ${APPENDS}`)!({ skip: (reason: string) => skips.push(reason) })
    expect(skips).toEqual(['not supported: no'])
  })
})

describe('the command', () => {
  test('judges a known package by its name', async () => {
    const { exitCode, err } = await runInMemory(['client', '--case', APPENDS, '@ds/client'])
    expect(err).toContain('The MUST case passes.')
    expect(exitCode).toBe(0)
  })

  test('runs a script with this Node, and hands it its own options', async () => {
    const { exitCode, err } = await runInMemory(['client', '--case', APPENDS, ADAPTER, 'lies'])
    expect(err).toContain('1 MUST case fails.')
    expect(exitCode).toBe(1)
  })

  test.each([
    [['client'], 2, 'which client?'],
    [['client', '--case', 'client/typo', 'x'], 2, 'no such conformance case'],
    [['client', '/no/such/adapter'], 3, 'cannot be started'],
    [['client', '--server', 'http://127.0.0.1:9', '@ds/client'], 3, 'No Durable Streams server answers'],
  ])('%j: exit code %i and a reason', async (args, code, reason) => {
    const { exitCode, err } = await runInMemory(args)
    expect(err).toContain(reason)
    expect(exitCode).toBe(code)
  })

  test('--list shows the cases', async () => {
    const { out } = await runInMemory(['client', '--list', '--section', '12.5'])
    expect(out).toContain('client/waits-as-retry-after-says\t12.5\tSHOULD\t')
  })
})
