import { CaseContext, type ContextSettings, type FetchFunction } from './case-context.js'
import { serverCases } from './cases/index.js'
import { runCaseOnTime, type CaseOutcome } from './run-case.js'
import { isRunnable, refuseUnknownIds, selectCases, type CaseSelection } from './select-cases.js'
import type { Capability, ServerCase, ServerCaseInfo } from './server-case.js'

const RUNNER_GRACE_MS = 2000

/**
 * How a case is registered: vitest, Jest, Bun and `node:test` all fit.
 *
 * The third argument is a time limit; a runner without one ignores it, as the case watches its own.
 */
export interface TestFunction {
  (name: string, body: () => Promise<void>, timeoutMs?: number): unknown
  readonly skip?: (name: string, body: () => Promise<void>) => unknown
}

export interface ServerCasesOptions extends CaseSelection {
  readonly test: TestFunction
  /** Where the server listens. A function is called when the first case runs, once the port is known. */
  readonly baseUrl: string | (() => string)
  /** Reaches the server instead of the global `fetch`, for one that runs in this process. */
  readonly fetch?: FetchFunction
  /** What every stream path begins with. Default `/v1/stream`. */
  readonly basePath?: string
  /** How long the server holds a long-poll open. Default 2000; much more makes the run slow. */
  readonly longPollTimeoutMs?: number
  /** After how long the server ends an SSE response, for the capability `sse-recycle`. */
  readonly sseRecycleMs?: number
  /** The longest body that the server takes, for the capability `body-limit`. */
  readonly bodyLimitBytes?: number
  /** Restarts the server on the same address and data, for the capability `restart`. */
  readonly restart?: () => Promise<void>
  readonly capabilities?: readonly Capability[]
  /** Ids of cases that must fail: the run goes red as soon as one of them passes. */
  readonly knownFailures?: readonly string[]
}

/** What the cases are, without running any. */
export function listServerCases(): ServerCaseInfo[] {
  return serverCases.map(({ id, level, section, title, needs, slow, alone }) => ({
    id,
    level,
    section,
    title,
    ...(needs === undefined ? {} : { needs }),
    ...(slow === undefined ? {} : { slow }),
    ...(alone === undefined ? {} : { alone }),
  }))
}

/** Registers every case that the options select with the given test function. */
export function runServerCases(options: ServerCasesOptions): void {
  registerCases(serverCases, options)
}

/** The same for any list of cases, so that the runner itself can be tested. */
export function registerCases(cases: readonly ServerCase[], options: ServerCasesOptions): void {
  refuseUnknownIds(cases, options.knownFailures ?? [])
  const knownFailures = new Set(options.knownFailures)
  const selected = selectCases(cases, options)
  const runnable = selected.filter((one) => isRunnable(one, options.capabilities))
  const schedule = new Schedule(runnable, options)
  for (const one of selected) {
    const name = `${one.id} [${one.level}] ${one.title}`
    const body = async (): Promise<void> =>
      judge(one, await schedule.outcomeOf(one), knownFailures.has(one.id))
    if (runnable.includes(one)) options.test(name, body, schedule.timeoutMs + RUNNER_GRACE_MS)
    else options.test.skip?.(name, body)
  }
}

function judge(one: ServerCase, outcome: CaseOutcome, mustFail: boolean): void {
  if (outcome.passed && mustFail) {
    throw new Error(`${one.id} is listed as a known failure, but passes: take it off the list`)
  }
  if (!outcome.passed && !mustFail) throw outcome.error
}

/**
 * Runs quick cases when they are asked for, and all slow ones together when the first of them is. A case that runs alone
 * waits for whatever is under way.
 */
class Schedule {
  readonly #options: ServerCasesOptions
  readonly #slow: readonly ServerCase[]
  readonly #started = new Map<string, Promise<CaseOutcome>>()
  readonly #underWay = new Set<Promise<CaseOutcome>>()
  /** The last of the cases that run alone; undefined before the first. */
  #alone: Promise<unknown> | undefined
  readonly #longPollTimeoutMs: number

  constructor(cases: readonly ServerCase[], options: ServerCasesOptions) {
    this.#options = options
    this.#slow = cases.filter((one) => one.slow === true)
    this.#longPollTimeoutMs = options.longPollTimeoutMs ?? 2000
  }

  /** Enough for a few long-polls, and for the longest time-to-live of a case. */
  get timeoutMs(): number {
    return 20_000 + 4 * this.#longPollTimeoutMs + 2 * (this.#options.sseRecycleMs ?? 0)
  }

  outcomeOf(one: ServerCase): Promise<CaseOutcome> {
    if (one.slow !== true) return this.#run(one)
    for (const slow of this.#slow) {
      if (!this.#started.has(slow.id)) this.#started.set(slow.id, this.#run(slow))
    }
    return this.#started.get(one.id) ?? this.#run(one)
  }

  #run(one: ServerCase): Promise<CaseOutcome> {
    const run = async (): Promise<CaseOutcome> => {
      const settings = this.#settings()
      return (await runCaseOnTime(one, () => new CaseContext(settings), this.timeoutMs)).outcome
    }
    if (one.alone === true) {
      const running = Promise.all([...this.#underWay, this.#alone]).then(run)
      this.#alone = running
      return running
    }
    const running = this.#alone === undefined ? run() : this.#alone.then(run)
    this.#underWay.add(running)
    void running.then(() => this.#underWay.delete(running))
    return running
  }

  #settings(): ContextSettings {
    const {
      baseUrl,
      basePath = '/v1/stream',
      fetch = globalThis.fetch,
      sseRecycleMs,
      bodyLimitBytes,
      restart,
    } = this.#options
    return {
      baseUrl: typeof baseUrl === 'string' ? baseUrl : baseUrl(),
      basePath,
      longPollTimeoutMs: this.#longPollTimeoutMs,
      fetch,
      ...(sseRecycleMs === undefined ? {} : { sseRecycleMs }),
      ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
      ...(restart === undefined ? {} : { restart }),
    }
  }
}
