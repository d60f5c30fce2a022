import { clientCases } from '../client/cases/index.js'
import { measureCoverage, isComplete, type Coverage } from '../spec/coverage.js'
import { titleOfSection } from '../spec/sections.js'
import type { Statement } from '../spec/statement.js'
import { statements } from '../spec/statements.js'
import { serverCases } from '../server/cases/index.js'
import { isWithin } from '../server/select-cases.js'
import { EXIT } from './exit-codes.js'
import type { Terminal } from './terminal.js'
import { layOut } from './text-table.js'

/** Options of `ds-conformance spec`. */
export interface SpecOptions {
  readonly section?: readonly string[]
  readonly check?: boolean
}

/** `ds-conformance spec`: what the specification says, and which cases check it. */
export function showSpec({ section, check = false }: SpecOptions, terminal: Terminal): number {
  const wanted = statements.filter((one) => section?.some((part) => isWithin(one.section, part)) ?? true)
  const coverage = measureCoverage(wanted, [...serverCases, ...clientCases])
  if (check) terminal.out(describeCoverage(coverage, wanted, section === undefined))
  else terminal.out(wanted.map(describe).join(''))
  return !check || isComplete(coverage) ? EXIT.ok : EXIT.failed
}

function describe({ section, level, binds, text, cases, reason, capability }: Statement): string {
  const who = binds === 'server' ? '' : ` (${binds})`
  const by = cases.length > 0 ? cases.join(', ') : (reason ?? `awaits cases of ${capability ?? 'none'}`)
  return `${section} ${level}${who} ${text}\n    ${by}\n`
}

function describeCoverage(coverage: Coverage, wanted: readonly Statement[], isWhole: boolean): string {
  const list = (title: string, group: readonly Statement[], more: (one: Statement) => string): string =>
    group.length === 0
      ? ''
      : `\n${title}\n${group.map((one) => `  ${one.section} ${one.level} ${one.text}${more(one)}\n`).join('')}`
  const nothing = (): string => ''
  const unnamed = coverage.unnamedIds.filter((id) => !id.startsWith('client/'))
  return [
    layOut(tableOf(coverage, wanted)),
    list('Not checked by any case, for a reason:', coverage.excused, ({ reason }) => ` - ${reason ?? ''}`),
    list('Awaiting the cases of an optional part:', coverage.awaited, nothing),
    list('Uncovered:', coverage.uncovered, nothing),
    coverage.unknownIds.length === 0 ? '' : `\nNo such case: ${coverage.unknownIds.join(', ')}\n`,
    isWhole && unnamed.length > 0 ? `\nServer cases that no statement names: ${unnamed.join(', ')}\n` : '',
    `\n${coverage.covered.length} of ${wanted.length} statements are checked by cases, ${coverage.excused.length} have a reason, ` +
      `${coverage.awaited.length} await cases, ${coverage.uncovered.length} are uncovered.\n`,
  ].join('')
}

function tableOf(coverage: Coverage, wanted: readonly Statement[]): string[][] {
  const sections = [...new Set(wanted.map((one) => one.section))]
  const count = (group: readonly Statement[], section: string): string => {
    const found = group.filter((one) => one.section === section).length
    return found === 0 ? '-' : String(found)
  }
  return [
    ['section', 'checked', 'reason', 'awaited', 'uncovered'],
    ...sections.map((section) => [
      `${section} ${titleOfSection(section)}`.trim(),
      count(coverage.covered, section),
      count(coverage.excused, section),
      count(coverage.awaited, section),
      count(coverage.uncovered, section),
    ]),
  ]
}
