import type { StoreBinding, StoreCasesOptions } from '../src/index.js'
import { BROKEN_COMMITS } from './store-cases/broken-commits.js'
import { BROKEN_LOOKS } from './store-cases/broken-looks.js'
import { BROKEN_TIMES } from './store-cases/broken-times.js'
import { BROKEN_WATCHES } from './store-cases/broken-watches.js'
import { MemoryStore } from '@ds/store-memory'
import { StoreError } from '@ds/core'
import { describe, expect, test } from 'vitest'
import { fullBinding, replaced } from './store-cases/store-parts.js'
import { listStoreCases, runStoreCases } from '../src/index.js'

const SIZES = { messages: 20_000, entries: 300, commitBytes: 200_000, sequences: 10, histories: 5 }

interface Run {
  readonly failed: string[]
  readonly skipped: string[]
}

/** Runs the cases as a runner would, and tells which fail. */
async function runCases(
  setup: StoreCasesOptions['setup'],
  options: Partial<StoreCasesOptions> = {},
): Promise<Run> {
  const bodies: { readonly id: string; readonly body: (context: unknown) => Promise<void> }[] = []
  const register: StoreCasesOptions['test'] = (name, body) =>
    bodies.push({ id: name.slice(0, name.indexOf(':')), body })
  runStoreCases({ test: register, setup, sizes: SIZES, wakeTimeoutMs: 30, ...options })
  const run: Run = { failed: [], skipped: [] }
  for (const { id, body } of bodies) {
    // The context of vitest is a function, that of `node:test` is not.
    const context = Object.assign(() => undefined, { skip: () => run.skipped.push(id) })
    await body(context).catch(() => run.failed.push(id))
  }
  return run
}

/** Runs the groups of some cases, and tells which fail. */
async function failuresIn(ids: readonly string[], setup: StoreCasesOptions['setup']): Promise<string[]> {
  const failed: string[] = []
  for (const group of new Set(ids.map((id) => id.slice(0, id.indexOf('/') + 1)))) {
    failed.push(...(await runCases(setup, { only: group })).failed)
  }
  return failed
}

describe('a correct store', () => {
  test('for several nodes passes every case but those about what it can do', async () => {
    const { failed, skipped } = await runCases(() => fullBinding())
    expect(failed).toEqual([])
    expect(skipped).toEqual(['capabilities/second-node-is-refused', 'reopen/volatile-comes-back-empty'])
  })

  test('without anything passes what is left', async () => {
    const { failed, skipped } = await runCases(() => ({ store: new MemoryStore() }))
    expect(failed).toEqual([])
    const needed = listStoreCases().flatMap(({ id, need }) => (need === undefined ? [] : [id]))
    expect(skipped).toEqual(needed)
  })
})

describe('the cases find a store that', () => {
  const broken = { ...BROKEN_COMMITS, ...BROKEN_LOOKS, ...BROKEN_TIMES, ...BROKEN_WATCHES }
  test.each(Object.entries(broken))('%s', async (_, { replacement, caughtBy }) => {
    const failed = await failuresIn(caughtBy, () => fullBinding(replacement))
    expect(failed).toEqual(expect.arrayContaining([...caughtBy]))
  })

  const binding = (over: Partial<StoreBinding>) => () => ({ ...fullBinding(), ...over })
  const empty = (): MemoryStore => new MemoryStore()
  const small = (maxBytes: number): MemoryStore => new MemoryStore({ maxBytes })

  test.each<[string, () => StoreBinding, string[]]>([
    ['says that it keeps data, and does not', binding({ reopen: empty }), ['reopen/everything-is-there']],
    [
      'says that it keeps data, and cannot be opened again',
      () => {
        const { store, secondNode } = fullBinding()
        return { store, secondNode: secondNode! }
      },
      ['capabilities/can-be-tested'],
    ],
    [
      'says that it is volatile, and is not',
      () => {
        const data = new MemoryStore()
        return { store: data, reopen: () => data }
      },
      ['reopen/volatile-comes-back-empty'],
    ],
    [
      'says that it is for one node, and does not refuse a second one',
      () => ({ store: new MemoryStore(), secondNode: empty }),
      ['capabilities/second-node-is-refused'],
    ],
    [
      'is for several nodes that do not see each other',
      binding({ secondNode: empty }),
      ['nodes/see-each-other'],
    ],
    [
      'takes a part of what it has no room for',
      binding({
        openSmall: (maxBytes) =>
          replaced(small(maxBytes), (inner) => ({
            async commit(path, expected, change) {
              try {
                return await inner.commit(path, expected, change)
              } catch (error) {
                const found = await inner.load(path, [])
                const record = { ...found!.record, closed: true }
                await inner.commit(path, expected, { ...change, record, bytes: [] })
                throw error
              }
            },
          })),
      }),
      ['full/refuses-and-keeps'],
    ],
    [
      'never gives room back',
      binding({
        openSmall: (maxBytes) => {
          let room = maxBytes
          return replaced(new MemoryStore(), (inner) => ({
            commit(path, expected, change) {
              for (const { length } of change.bytes) room -= length
              if (room < 0 && change.bytes.length > 0) throw new StoreError('full', 'no room')
              return inner.commit(path, expected, change)
            },
          }))
        },
      }),
      ['full/takes-again'],
    ],
    [
      'throws anything when it is full',
      binding({
        openSmall: () =>
          replaced(empty(), () => ({
            commit() {
              throw new RangeError('no room')
            },
          })),
      }),
      ['full/refuses-and-keeps'],
    ],
  ])('%s', async (_, setup, caughtBy) => {
    const failed = await failuresIn(caughtBy, setup)
    expect(failed).toEqual(expect.arrayContaining(caughtBy))
  })
})

describe('the runner', () => {
  const lossy = () => fullBinding(BROKEN_COMMITS['loses entries']!.replacement)

  test('a known failure must fail, and is told when it passes', async () => {
    const only = 'entries/'
    const { failed: all } = await runCases(lossy, { only })
    expect(all.length).toBeGreaterThan(0)
    expect((await runCases(lossy, { only, knownFailures: all })).failed).toEqual([])
    expect((await runCases(() => fullBinding(), { only, knownFailures: all })).failed).toEqual(all)
  })

  test('a case that does not exist is refused', () => {
    expect(() =>
      runStoreCases({ test: () => undefined, setup: lossy, knownFailures: ['load/typo'] }),
    ).toThrow('load/typo')
  })

  test('a failure of a random sequence tells its seed, and the last steps', async () => {
    const messages: string[] = []
    const register: StoreCasesOptions['test'] = (_name, body) => messages.push(body as unknown as string)
    runStoreCases({ test: register, setup: lossy, sizes: { ...SIZES, seed: 77 }, only: 'random/' })
    const [body] = messages as unknown as (() => Promise<void>)[]
    await expect(body!()).rejects.toThrow(/DS_STORE_SEED=7\d$/)
    await expect(body!()).rejects.toThrow('commit "')
  })

  test('a case that never ends fails at its time limit', async () => {
    const hanging = () => fullBinding(() => ({ load: () => new Promise(() => undefined) }))
    const { failed } = await runCases(hanging, { only: 'load/absent', timeoutMs: 20 })
    expect(failed).toEqual(['load/absent-is-null'])
  })

  test('ids are unique, and titles say something', () => {
    const cases = listStoreCases()
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
    for (const { id, title } of cases) {
      expect(id).toMatch(/^[a-z]+\/[a-z-]+$/)
      expect(title.length).toBeGreaterThan(25)
    }
  })
})
