import type { CaseReport } from '../report/run-report.js'
import type { TestFunction } from '../server/run-server-cases.js'
import { clientCases } from './cases/index.js'
import type { ClientCaseInfo } from './client-case.js'
import { executeClientCases, selectClientCases, type ClientRun } from './execute-client-cases.js'

const TEST_TIMEOUT_MS = 300_000

/** Options of {@link runClientCases}: those of a run, and how tests are registered. */
export interface ClientCasesOptions extends Omit<ClientRun, 'serverUrl' | 'onCase'> {
  readonly test: TestFunction
  /** A server for the cases that work with any; a function is called when the first case runs. */
  readonly serverUrl?: string | (() => string)
}

/** What the client cases are, without running any. */
export function listClientCases(): ClientCaseInfo[] {
  return clientCases.map(({ id, level, section, title, on, needs }) => ({
    id,
    level,
    section,
    title,
    on,
    ...(needs === undefined ? {} : { needs }),
  }))
}

/**
 * Registers every selected client case as a test. All of them are run together when the first test begins; each test
 * then tells how its case came out. A case that the client does not support skips its test, where the runner can.
 */
export function runClientCases({ test, serverUrl, ...run }: ClientCasesOptions): void {
  let outcome: Promise<ReadonlyMap<string, CaseReport>> | undefined
  const execute = async (): Promise<ReadonlyMap<string, CaseReport>> => {
    const url = typeof serverUrl === 'function' ? serverUrl() : serverUrl
    const { cases } = await executeClientCases({ ...run, ...(url === undefined ? {} : { serverUrl: url }) })
    return new Map(cases.map((one) => [one.id, one]))
  }
  for (const one of selectClientCases(run)) {
    // Without a named parameter: some runners take one for a callback to wait for.
    const body = async (...context: unknown[]): Promise<void> => {
      outcome ??= execute()
      judge((await outcome).get(one.id), context[0])
    }
    test(`${one.id} [${one.level}] ${one.title}`, body, TEST_TIMEOUT_MS)
  }
}

function judge(one: CaseReport | undefined, context: unknown): void {
  if (one === undefined || one.verdict === 'not-run') throw new Error('the case was not run')
  if (one.verdict === 'skipped') skip(context, `not supported: ${one.reason ?? ''}`)
  if (one.verdict === 'fixed')
    throw new Error(`${one.id} is listed as a known failure, but passes: take it off the list`)
  if (one.verdict === 'failed')
    throw new Error(`${one.id} (§${one.section}, ${one.level}): ${one.failure?.message ?? ''}`)
}

/** Both vitest and node:test hand their tests a context that can skip them. */
function skip(context: unknown, reason: string): void {
  const runner = context as { readonly skip?: (reason: string) => void } | undefined
  runner?.skip?.(reason)
}
