import { writeFile } from 'node:fs/promises'
import { renderHtml } from '../report/html-report.js'
import { renderJson } from '../report/json-report.js'
import { renderJunit } from '../report/junit-report.js'
import type { RunReport } from '../report/run-report.js'
import { UsageError } from './exit-codes.js'
import type { Terminal } from './terminal.js'

export type ReportFormat = 'html' | 'junit' | 'json'

const RENDERERS: Readonly<Record<ReportFormat, (report: RunReport) => string>> = {
  html: renderHtml,
  junit: renderJunit,
  json: renderJson,
}

export const REPORT_FORMATS: readonly string[] = Object.keys(RENDERERS)

/** Writes the report to a file, or to standard output where none is named. */
export async function writeReport(
  report: RunReport,
  format: ReportFormat,
  file: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const text = RENDERERS[format](report)
  if (file === undefined || file === '-') {
    terminal.out(text)
    return
  }
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new UsageError(`the report cannot be written: ${(error as Error).message}`)
  }
  terminal.err(`Report: ${file}\n`)
}
