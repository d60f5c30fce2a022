import { CaseContext, type ContextSettings, type FetchFunction } from '../server/case-context.js'
import { serverCases } from '../server/cases/index.js'
import { runCaseOnTime } from '../server/run-case.js'
import {
  missingCapabilities,
  refuseUnknownIds,
  selectCases,
  type CaseSelection,
} from '../server/select-cases.js'
import type { Capability, ServerCase } from '../server/server-case.js'
import { ConformanceFailure } from '../server/assertions.js'
import type { CaseReport, ReportedFailure, Verdict } from '../report/run-report.js'
import { reportExchange } from '../report/report-exchange.js'
import { runAtOnce } from './worker-pool.js'
import { removeStreams } from './remove-streams.js'

/** Slow cases do nothing but wait, so that many fit at once. */
const SLOW_AT_ONCE = 64
/** What quick cases, which wait for no long-poll to time out, take as the time-out until it is known. */
const ASSUMED_LONG_POLL_MS = 2000

/** How a list of server cases is run without a test runner. */
export interface ServerRun extends CaseSelection {
  readonly baseUrl: string
  /** What every stream path begins with. Default `/v1/stream`. */
  readonly basePath?: string
  readonly fetch?: FetchFunction
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long the server holds a long-poll open; a promise while that is being found out. */
  readonly longPollTimeoutMs: number | Promise<number>
  readonly sseRecycleMs?: number
  readonly bodyLimitBytes?: number
  /** Restarts the server on the same address and data, for the capability `restart`. */
  readonly restart?: () => Promise<void>
  readonly capabilities?: readonly Capability[]
  readonly knownFailures?: readonly string[]
  /** Quick cases that run at once. Default 4. */
  readonly concurrency?: number
  /** The most that one case may take; derived from the other times unless given. */
  readonly caseTimeoutMs?: number
  /** Ends the run early; cases that have not ended are `not-run`. */
  readonly signal?: AbortSignal
  /** Waited for before each case. */
  readonly beforeCase?: () => Promise<void>
  /** Called as soon as a case has ended, in the order in which they end. */
  readonly onCase?: (one: CaseReport) => void
}

/** Runs every selected case and tells how each came out, in the order of the specification. */
export function executeServerCases(run: ServerRun): Promise<CaseReport[]> {
  return executeCases(serverCases, run)
}

/** The same for any list of cases, so that the runner itself can be tested. */
export async function executeCases(cases: readonly ServerCase[], run: ServerRun): Promise<CaseReport[]> {
  refuseUnknownIds(cases, run.knownFailures ?? [])
  const selected = selectCases(cases, run)
  const reports = new Map<string, CaseReport>()
  const paths: string[] = []
  const finish = (one: CaseReport): void => {
    reports.set(one.id, one)
    run.onCase?.(one)
  }
  const isSkipped = (one: ServerCase): boolean => missingCapabilities(one, run.capabilities).length > 0
  for (const one of selected.filter(isSkipped)) finish(skipped(one, run))
  const runnable = selected.filter((one) => !isSkipped(one))
  const execute = async (one: ServerCase, longPollTimeoutMs: number): Promise<void> => {
    await run.beforeCase?.()
    if (run.signal?.aborted === true) return
    const report = await executeCase(one, run, longPollTimeoutMs, paths)
    if (report !== undefined) finish(report)
  }
  await Promise.all([executeQuick(runnable, run, execute), executeSlow(runnable, run, execute)])
  const alone = runnable.filter((one) => one.alone === true)
  if (alone.length > 0) {
    const timeoutMs = await run.longPollTimeoutMs
    await runAtOnce(alone, 1, (one) => execute(one, timeoutMs))
  }
  await removeStreams(paths, run)
  return selected.map((one) => reports.get(one.id) ?? described(one, 'not-run', 0))
}

type Execute = (one: ServerCase, longPollTimeoutMs: number) => Promise<void>

async function executeQuick(cases: readonly ServerCase[], run: ServerRun, execute: Execute): Promise<void> {
  const quick = cases.filter((one) => one.slow !== true && one.alone !== true)
  const given = run.longPollTimeoutMs
  const timeoutMs = typeof given === 'number' ? given : ASSUMED_LONG_POLL_MS
  await runAtOnce(quick, run.concurrency ?? 4, (one) => execute(one, timeoutMs))
}

async function executeSlow(cases: readonly ServerCase[], run: ServerRun, execute: Execute): Promise<void> {
  const slow = cases.filter((one) => one.slow === true)
  if (slow.length === 0) return
  const timeoutMs = await run.longPollTimeoutMs
  await runAtOnce(slow, SLOW_AT_ONCE, (one) => execute(one, timeoutMs))
}

/** Null of a case that the signal cut off: nothing can be said about it. */
async function executeCase(
  one: ServerCase,
  run: ServerRun,
  longPollTimeoutMs: number,
  paths: string[],
): Promise<CaseReport | undefined> {
  const contexts: CaseContext[] = []
  const newContext = (): CaseContext => {
    const ctx = new CaseContext(settingsOf(run, longPollTimeoutMs))
    contexts.push(ctx)
    return ctx
  }
  const stop = (): void => contexts.at(-1)?.dispose()
  run.signal?.addEventListener('abort', stop, { once: true })
  const startedAt = performance.now()
  const limitMs = run.caseTimeoutMs ?? timeLimitMs(run, longPollTimeoutMs)
  const { outcome, ctx } = await runCaseOnTime(one, newContext, limitMs)
  run.signal?.removeEventListener('abort', stop)
  paths.push(...contexts.flatMap((one) => one.paths))
  if (!outcome.passed && run.signal?.aborted === true) return undefined
  const durationMs = Math.round(performance.now() - startedAt)
  const isListed = run.knownFailures?.includes(one.id) === true
  if (outcome.passed) return described(one, isListed ? 'fixed' : 'passed', durationMs)
  const report = described(one, isListed ? 'known-failure' : 'failed', durationMs)
  return { ...report, failure: explain(outcome.error, ctx) }
}

function settingsOf(run: ServerRun, longPollTimeoutMs: number): ContextSettings {
  const { baseUrl, basePath = '/v1/stream', fetch = globalThis.fetch } = run
  const { headers, sseRecycleMs, bodyLimitBytes, restart } = run
  return {
    baseUrl,
    basePath,
    fetch,
    longPollTimeoutMs,
    ...(headers === undefined ? {} : { headers }),
    ...(restart === undefined ? {} : { restart }),
    ...(sseRecycleMs === undefined ? {} : { sseRecycleMs }),
    ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
  }
}

/** Enough for a few long-polls, and for the longest time-to-live of a case. */
function timeLimitMs(run: ServerRun, longPollTimeoutMs: number): number {
  return 20_000 + 4 * longPollTimeoutMs + 2 * (run.sseRecycleMs ?? 0)
}

function explain(error: Error, ctx: CaseContext): ReportedFailure {
  const cause = error.cause
  const message =
    cause instanceof ConformanceFailure
      ? cause.summary
      : cause instanceof Error
        ? cause.message
        : error.message
  return { message, exchanges: ctx.trace.map((one) => reportExchange(one)) }
}

function skipped(one: ServerCase, run: ServerRun): CaseReport {
  const reason = `needs ${missingCapabilities(one, run.capabilities).join(', ')}`
  return { ...described(one, 'skipped', 0), reason }
}

function described(one: ServerCase, verdict: Verdict, durationMs: number): CaseReport {
  const { id, section, level, title } = one
  return { id, section, level, title, verdict, durationMs }
}
