import { describeRun } from '../report/describe-run.js'
import { LEVELS, isBreach, type CaseReport, type RunReport } from '../report/run-report.js'
import { renderExchange } from '../report/exchange-text.js'
import { compareSections, titleOfSection } from '../spec/sections.js'
import { paintFor, type Terminal } from './terminal.js'
import { layOut } from './text-table.js'

const MOST_SHOWN = 10

/** What lets cases run that need more than a URL. */
const HINTS: Readonly<Record<string, string>> = {
  compression: '--capability compression',
  subscriptions: '--capability subscriptions',
  'sse-recycle': '--sse-recycle',
  'body-limit': '--body-limit',
  restart: '--restart-command',
}

/** Prints failures with their last exchange, a table by section and level, and the result in one sentence. */
export function printSummary(report: RunReport, terminal: Terminal, strict: boolean): void {
  const paint = paintFor(terminal)
  const failures = LEVELS.flatMap((level) =>
    report.cases.filter((one) => one.verdict === 'failed' && one.level === level),
  )
  terminal.err('\n')
  for (const one of failures.slice(0, MOST_SHOWN)) printFailure(one, terminal)
  if (failures.length > MOST_SHOWN) {
    terminal.err(
      `${failures.length - MOST_SHOWN} more failures; a report (--report html) has all of them.\n\n`,
    )
  }
  for (const one of report.cases.filter(({ verdict }) => verdict === 'fixed')) {
    terminal.err(`${paint.warn(one.id)} is listed as a known failure, but passes: take it off the list\n`)
  }
  terminal.err(layOut(tableOf(report)))
  printSkipped(report, terminal)
  const { headline, isGood } = describeRun(report, strict)
  const seconds = (report.durationMs / 1000).toFixed(1)
  terminal.err(`\n${isGood ? paint.good(headline) : paint.bad(headline)} ${paint.quiet(`(${seconds} s)`)}\n`)
}

/** True when the run calls for exit code 1. */
export function isRed(report: RunReport, strict: boolean): boolean {
  return report.cases.some((one) => isBreach(one, strict))
}

function printFailure(one: CaseReport, terminal: Terminal): void {
  const paint = paintFor(terminal)
  terminal.err(`${paint.bad(`${one.level} ${one.id}`)}\n  ${one.title}\n`)
  terminal.err(`${indent(one.failure?.message ?? '')}\n`)
  const last = one.failure?.exchanges.at(-1)
  if (last !== undefined) terminal.err(`${paint.quiet(indent(renderExchange(last, true)))}\n`)
  terminal.err('\n')
}

function indent(block: string): string {
  return block
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}

function tableOf(report: RunReport): string[][] {
  const sections = [...new Set(report.cases.map((one) => one.section))].sort(compareSections)
  const rows = sections.map((section) => [
    `${section} ${titleOfSection(section)}`.trim(),
    ...cells(report.cases.filter((one) => one.section === section)),
  ])
  return [['section', ...LEVELS], ...rows, ['all', ...cells(report.cases)]]
}

function cells(cases: readonly CaseReport[]): string[] {
  return LEVELS.map((level) => {
    const run = cases.filter(
      (one) => one.level === level && one.verdict !== 'skipped' && one.verdict !== 'not-run',
    )
    const passed = run.filter(({ verdict }) => verdict === 'passed' || verdict === 'fixed').length
    return run.length === 0 ? '-' : `${passed} of ${run.length}`
  })
}

function printSkipped(report: RunReport, terminal: Terminal): void {
  const byReason = new Map<string, number>()
  for (const { verdict, reason = '' } of report.cases)
    if (verdict === 'skipped') byReason.set(reason, (byReason.get(reason) ?? 0) + 1)
  for (const [reason, count] of byReason) {
    const hint = HINTS[reason.replace('needs ', '')]
    terminal.err(`  ${count} skipped: ${reason}${hint === undefined ? '' : ` (${hint})`}\n`)
  }
}
