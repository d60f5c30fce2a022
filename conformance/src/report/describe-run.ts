import { LEVELS, isBreach, type CaseReport, type RunReport } from './run-report.js'

/** The result of a run in one sentence, and whether it is good news. */
export function describeRun(
  report: RunReport,
  strict = false,
): { readonly headline: string; readonly isGood: boolean } {
  const breaches = report.cases.filter((one) => isBreach(one, strict))
  const stopped = report.interrupted ? 'Stopped before the end. ' : ''
  if (breaches.length > 0) return { headline: `${stopped}${describeBreaches(breaches)}`, isGood: false }
  const [must, ...advice] = LEVELS.map((level) => describeLevel(report.cases, level))
  const known = report.counts['known-failure']
  const parts = [must, ...advice, known === 0 ? '' : `${known} fail as listed`]
  const headline = `${stopped}${sentence(parts)}`
  return { headline, isGood: !report.interrupted }
}

function describeBreaches(breaches: readonly CaseReport[]): string {
  const parts = LEVELS.map((level) => {
    const count = breaches.filter((one) => one.verdict === 'failed' && one.level === level).length
    return count === 0 ? '' : `${count} ${level} ${count === 1 ? 'case fails' : 'cases fail'}`
  })
  const fixed = breaches.filter((one) => one.verdict === 'fixed').length
  if (fixed > 0) parts.push(`${fixed} listed as known ${fixed === 1 ? 'failure passes' : 'failures pass'}`)
  return sentence(parts)
}

function sentence(parts: readonly (string | undefined)[]): string {
  const joined = parts.filter((part) => part !== undefined && part !== '').join('; ')
  return joined === '' ? 'No case was run.' : `${joined.slice(0, 1).toUpperCase()}${joined.slice(1)}.`
}

function describeLevel(all: readonly CaseReport[], level: string): string {
  const cases = all.filter((one) => one.level === level && one.verdict !== 'known-failure')
  const passed = cases.filter(({ verdict }) => verdict === 'passed').length
  const failed = cases.filter(({ verdict }) => verdict === 'failed').length
  if (passed + failed === 0) return ''
  if (failed === 0) return passed === 1 ? `the ${level} case passes` : `all ${passed} ${level} cases pass`
  return `${failed} of ${passed + failed} ${level} cases ${failed === 1 ? 'does' : 'do'} not pass`
}
