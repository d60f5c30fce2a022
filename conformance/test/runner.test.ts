import { describe, expect, test } from 'vitest'
import {
  defineCases,
  listServerCases,
  registerCases,
  type ServerCase,
  type ServerCasesOptions,
} from '../src/index.js'

interface Registered {
  readonly name: string
  readonly body: () => Promise<void>
  readonly skipped: boolean
}

const pass = (): Promise<void> => Promise.resolve()
const breach = (): Promise<void> => Promise.reject(new Error('the server is in breach'))

const CASES: readonly ServerCase[] = [
  ...defineCases('5.1', [
    { id: '5.1/passes', level: 'MUST', title: 'a case that passes', run: pass },
    { id: '5.1/fails', level: 'SHOULD', title: 'a case that fails', run: breach },
    {
      id: '5.1/zips',
      level: 'MAY',
      title: 'a case that needs compression',
      needs: ['compression'],
      run: pass,
    },
  ]),
  ...defineCases('5.1.1', [{ id: '5.1.1/deep', level: 'MUST', title: 'a case below', run: pass }]),
  ...defineCases('5.10', [
    { id: '5.10/other', level: 'MUST', title: 'a case of another section', run: pass },
  ]),
]

function register(options: Partial<ServerCasesOptions> = {}, cases = CASES): Registered[] {
  const registered: Registered[] = []
  const add = (skipped: boolean) => (name: string, body: () => Promise<void>) => {
    registered.push({ name, body, skipped })
  }
  const testFunction = Object.assign(add(false), { skip: add(true) })
  registerCases(cases, { test: testFunction, baseUrl: 'http://localhost:1', ...options })
  return registered
}

function find(registered: readonly Registered[], id: string): Registered {
  return registered.find((one) => one.name.startsWith(`${id} `))!
}

describe('registration', () => {
  test('a case is named by id, level and title', () => {
    expect(register()[0]?.name).toBe('5.1/passes [MUST] a case that passes')
  })

  test('a case without its capability is skipped, and left out where nothing can be skipped', () => {
    expect(find(register(), '5.1/zips').skipped).toBe(true)
    expect(find(register({ capabilities: ['compression'] }), '5.1/zips').skipped).toBe(false)
    const names: string[] = []
    registerCases(CASES, { test: (name) => names.push(name), baseUrl: 'http://localhost:1' })
    expect(names).toHaveLength(4)
  })

  test('a section takes those below it, and no longer number', () => {
    const ids = register({ section: '5.1' }).map((one) => one.name.split(' ')[0])
    expect(ids).toEqual(['5.1/passes', '5.1/fails', '5.1/zips', '5.1.1/deep'])
  })

  test('only and levels narrow the run', () => {
    expect(register({ only: ['5.10/other'] })).toHaveLength(1)
    expect(register({ levels: ['SHOULD'] }).map((one) => one.name.split(' ')[0])).toEqual(['5.1/fails'])
  })

  test('ids that do not exist are refused', () => {
    expect(() => register({ knownFailures: ['5.1/typo'] })).toThrow('5.1/typo')
    expect(() => register({ only: ['5.1/typo'] })).toThrow('5.1/typo')
  })

  test('a case with an id of another section is refused', () => {
    expect(() => defineCases('5.2', [{ id: '5.1/x', level: 'MUST', title: 'x', run: pass }])).toThrow('5.1/x')
  })

  test('the base URL is asked for when a case runs, not before', async () => {
    const asked: string[] = []
    const baseUrl = (): string => {
      asked.push('now')
      return 'http://localhost:2'
    }
    const [first] = register({ baseUrl })
    expect(asked).toEqual([])
    await first?.body()
    expect(asked).toEqual(['now'])
  })
})

describe('judgement', () => {
  test('a failure names the case, its section and its level', async () => {
    await expect(find(register(), '5.1/fails').body()).rejects.toThrow(
      '5.1/fails (§5.1, SHOULD): the server is in breach',
    )
  })

  test('a known failure that fails is green', async () => {
    const registered = register({ knownFailures: ['5.1/fails'] })
    await expect(find(registered, '5.1/fails').body()).resolves.toBeUndefined()
  })

  test('a known failure that passes is red', async () => {
    const registered = register({ knownFailures: ['5.1/passes'] })
    await expect(find(registered, '5.1/passes').body()).rejects.toThrow('take it off the list')
  })

  test('a case that never ends fails at its time limit', async () => {
    const { runCase } = await import('../src/server/run-case.js')
    const { CaseContext } = await import('../src/index.js')
    const [endless] = defineCases('5.1', [
      {
        id: '5.1/endless',
        level: 'MUST',
        title: 'never ends',
        run: () => new Promise<void>(() => undefined),
      },
    ])
    const settings = {
      baseUrl: 'http://localhost:1',
      basePath: '/',
      longPollTimeoutMs: 1,
      fetch: globalThis.fetch,
    }
    const outcome = await runCase(endless!, new CaseContext(settings), 10)
    expect(outcome.passed ? '' : outcome.error.message).toContain('no result within 10 ms')
  })
})

describe('slow cases', () => {
  test('start together when the first of them is asked for, and run once each', async () => {
    const started: string[] = []
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const slow = (id: string): Omit<ServerCase, 'section'> => ({
      id,
      level: 'MUST',
      title: 'waits',
      slow: true,
      async run() {
        started.push(id)
        await gate
      },
    })
    const registered = register({}, defineCases('1', [slow('1/a'), slow('1/b'), slow('1/c')]))
    const first = registered[0]!.body()
    expect(started).toEqual(['1/a', '1/b', '1/c'])
    release()
    await Promise.all([first, registered[1]!.body(), registered[2]!.body()])
    expect(started).toHaveLength(3)
  })
})

describe('the list of cases', () => {
  test('has unique ids that name their section, and titles that say something', () => {
    const cases = listServerCases()
    expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length)
    for (const { id, section, title } of cases) {
      expect(id).toMatch(/^[\d.]+\/[a-z0-9-]+$/)
      expect(id.split('/')[0]).toBe(section)
      expect(title.length).toBeGreaterThan(20)
    }
  })
})

describe('cases that restart the server', () => {
  test('run one at a time, while nothing else does', async () => {
    const order: string[] = []
    const note = (id: string, alone?: true): Omit<ServerCase, 'section'> => ({
      id,
      level: 'MUST',
      title: 'notes when it begins and ends',
      ...(alone === undefined ? {} : { alone }),
      async run() {
        order.push(`${id} begins`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push(`${id} ends`)
      },
    })
    const cases = defineCases('4', [note('4/a'), note('4/b', true), note('4/c', true), note('4/d')])
    await Promise.all(register({}, cases).map(({ body }) => body()))
    expect(order).toEqual(['4/a', '4/b', '4/c', '4/d'].flatMap((id) => [`${id} begins`, `${id} ends`]))
  })
})
