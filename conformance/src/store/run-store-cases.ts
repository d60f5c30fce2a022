import type { MaybePromise } from '@ds/core'
import type { StoreBinding } from './store-binding.js'
import type { StoreCase, StoreNeed } from './store-case.js'
import { ConformanceFailure } from '../server/assertions.js'
import { StoreContext } from './store-context.js'
import { storeCases } from './cases/index.js'

const RUNNER_GRACE_MS = 2_000

/** How much the larger cases do. */
export interface StoreCaseSizes {
  /** Messages of the longest stream. */
  readonly messages: number
  /** Entries of the stream with the most. */
  readonly entries: number
  /** Bytes of the largest commit. */
  readonly commitBytes: number
  /** Random sequences, and the steps of each. */
  readonly sequences: number
  readonly steps: number
  /** Concurrent histories that are checked for linearizability. */
  readonly histories: number
  /** Which random numbers are used; the same seed gives the same sequences. */
  readonly seed: number
}

/** What the cases go by. */
export interface StoreCaseSettings extends StoreCaseSizes {
  readonly wakeTimeoutMs: number
}

export interface StoreCasesOptions {
  /** Registers a case: `test` of vitest, Jest, Bun and `node:test` all fit. */
  readonly test: (name: string, body: (...context: unknown[]) => Promise<void>, timeoutMs?: number) => unknown
  /** Opens an empty store; called for each case. */
  readonly setup: () => MaybePromise<StoreBinding>
  readonly sizes?: Partial<StoreCaseSizes>
  /** How long a case may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
  /** How long a wake-up may take to come, in milliseconds. Default 5,000. */
  readonly wakeTimeoutMs?: number
  /** Registers only cases whose id begins with this, as in `commit/`. */
  readonly only?: string
  /** Ids of cases that must fail: the run goes red as soon as one of them passes. */
  readonly knownFailures?: readonly string[]
}

const DEFAULT_SIZES: StoreCaseSizes = {
  messages: 1_000_000,
  entries: 10_000,
  commitBytes: 8 << 20,
  sequences: 20,
  steps: 60,
  histories: 10,
  seed: 1,
}

/** What the cases are, without running any. */
export function listStoreCases(): Pick<StoreCase, 'id' | 'title' | 'need'>[] {
  return storeCases.map(({ id, title, need }) => ({ id, title, ...(need === undefined ? {} : { need }) }))
}

/**
 * Registers the cases that every store has to pass, made from the docstrings of the store contract. Cases that
 * need what the store or its binding does not have are skipped: see {@link StoreNeed}.
 *
 * `DS_STORE_SEED=n` in the environment runs one random sequence and one history with that seed; `DS_STORE_SEQUENCES=n`
 * runs so many of both.
 */
export function runStoreCases(options: StoreCasesOptions): void {
  const { knownFailures = [], only = '', timeoutMs = 60_000, wakeTimeoutMs = 5_000 } = options
  const unknown = knownFailures.filter((id) => storeCases.every((one) => one.id !== id))
  if (unknown.length > 0) throw new Error(`no such store case: ${unknown.join(', ')}`)
  const settings = { ...DEFAULT_SIZES, ...options.sizes, ...sizesFromEnvironment(), wakeTimeoutMs }
  for (const one of storeCases.filter(({ id }) => id.startsWith(only))) {
    // Declared without parameters, because some runners take those for a wish to be called back.
    const body = async (...context: unknown[]): Promise<void> => {
      const outcome = await runStoreCase(one, options.setup, settings, timeoutMs)
      if (outcome.kind === 'skipped') skipRest(context[0], `needs ${one.need}`)
      else judge(one, outcome, knownFailures.includes(one.id))
    }
    options.test(`${one.id}: ${one.title}`, body, timeoutMs + RUNNER_GRACE_MS)
  }
}

type StoreCaseOutcome =
  { readonly kind: 'passed' | 'skipped' } | { readonly kind: 'failed'; readonly error: Error }

/** Runs one case on a store of its own, within a time limit. */
async function runStoreCase(
  one: StoreCase,
  setup: StoreCasesOptions['setup'],
  settings: StoreCaseSettings,
  timeoutMs: number,
): Promise<StoreCaseOutcome> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceFailure(`no result within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return { kind: await Promise.race([runInContext(one, setup, settings), overdue]) }
  } catch (error) {
    return { kind: 'failed', error: named(one, error) }
  } finally {
    clearTimeout(timer)
  }
}

async function runInContext(
  one: StoreCase,
  setup: StoreCasesOptions['setup'],
  settings: StoreCaseSettings,
): Promise<'passed' | 'skipped'> {
  const ctx = new StoreContext(await setup(), settings, setup)
  const isRunnable = one.need === undefined || has(ctx.binding, one.need)
  try {
    if (isRunnable) await one.run(ctx)
  } catch (error) {
    // What the case found matters more than what goes wrong while cleaning up after it.
    await ctx.dispose().catch(() => undefined)
    throw error
  }
  await ctx.dispose()
  return isRunnable ? 'passed' : 'skipped'
}

function judge(one: StoreCase, outcome: StoreCaseOutcome, mustFail: boolean): void {
  if (outcome.kind === 'failed' && !mustFail) throw outcome.error
  if (outcome.kind === 'passed' && mustFail)
    throw new Error(`${one.id} is listed as a known failure, but passes: take it off the list`)
}

/** The contexts of vitest and `node:test` can tell that a case was skipped while it runs; elsewhere it passes. */
function skipRest(context: unknown, why: string): void {
  const { skip } = (context ?? {}) as { readonly skip?: unknown }
  if (typeof skip === 'function') (context as { skip(note: string): void }).skip(why)
}

function has(binding: StoreBinding, need: StoreNeed): boolean {
  const { durability, multiNode } = binding.store.capabilities
  switch (need) {
    case 'kept':
      return durability !== 'volatile' && binding.reopen !== undefined
    case 'volatile-reopen':
      return durability === 'volatile' && binding.reopen !== undefined
    case 'multi-node':
      return multiNode && binding.secondNode !== undefined
    case 'refused-node':
      return !multiNode && binding.secondNode !== undefined
    case 'loseNextAnswer':
    case 'openSmall':
      return binding[need] !== undefined
  }
}

function sizesFromEnvironment(): Partial<StoreCaseSizes> {
  const seed = process.env['DS_STORE_SEED']
  if (seed !== undefined) return { seed: Number(seed), sequences: 1, histories: 1 }
  const sequences = process.env['DS_STORE_SEQUENCES']
  return sequences === undefined ? {} : { sequences: Number(sequences), histories: Number(sequences) }
}

function named(one: StoreCase, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  const failure = new ConformanceFailure(`${one.id}: ${message}`, { cause: error })
  if (error instanceof Error && error.stack !== undefined)
    failure.stack = error.stack.replace(message, failure.message)
  return failure
}
