import { closeSync, openSync } from 'node:fs'
import { countVerdicts, type CaseReport, type RunReport } from '../report/run-report.js'
import { EXIT, UsageError } from './exit-codes.js'
import type { SharedOptions } from './server-options.js'
import { isRed, printSummary } from './summary.js'
import { TOOL } from './tool-name.js'
import type { Terminal } from './terminal.js'
import { writeReport } from './write-report.js'

/** Prints the summary, writes the report that was asked for, and decides on the exit code. */
export async function concludeRun(
  subject: RunReport['subject'],
  cases: readonly CaseReport[],
  startedAt: Date,
  { report: format, output, strict = false }: SharedOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const report: RunReport = {
    format: 'ds-conformance-report',
    version: 1,
    tool: TOOL,
    subject,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    interrupted: signal.aborted,
    counts: countVerdicts(cases),
    cases,
  }
  printSummary(report, terminal, strict)
  if (format !== undefined) await writeReport(report, format, output, terminal)
  if (signal.aborted) return EXIT.interrupted
  return isRed(report, strict) ? EXIT.failed : EXIT.ok
}

/** Nobody should learn at the end of a run that its report has nowhere to go. */
export function refuseUnwritable(file: string | undefined): void {
  if (file === undefined || file === '-') return
  try {
    closeSync(openSync(file, 'a'))
  } catch (error) {
    throw new UsageError(`the report cannot be written: ${(error as Error).message}`)
  }
}
