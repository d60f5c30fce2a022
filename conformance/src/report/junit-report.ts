import { compareSections, titleOfSection } from '../spec/sections.js'
import { renderExchange } from './exchange-text.js'
import type { CaseReport, RunReport } from './run-report.js'

/**
 * The report as JUnit XML: a suite for each section. Known failures are skipped tests with their reason, as nothing about
 * them has to be done; failures carry the exchanges of the case.
 */
export function renderJunit(report: RunReport): string {
  const sections = [...new Set(report.cases.map((one) => one.section))].sort(compareSections)
  const suites = sections.map((section) =>
    renderSuite(
      section,
      report.cases.filter((one) => one.section === section),
      report,
    ),
  )
  const totals = renderTotals(report.cases, report.durationMs)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(report.tool.name)}" ${totals}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function renderSuite(section: string, cases: readonly CaseReport[], report: RunReport): string {
  const durationMs = cases.reduce((sum, one) => sum + one.durationMs, 0)
  const name = `${section} ${titleOfSection(section)}`.trim()
  const attributes = `name="${escapeXml(name)}" ${renderTotals(cases, durationMs)} timestamp="${report.startedAt.slice(0, 19)}"`
  return [`  <testsuite ${attributes}>`, ...cases.map(renderCase), '  </testsuite>'].join('\n')
}

function renderTotals(cases: readonly CaseReport[], durationMs: number): string {
  const failures = cases.filter((one) => isFailure(one)).length
  const skipped = cases.filter((one) => isSkip(one)).length
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds(durationMs)}"`
}

function renderCase(one: CaseReport): string {
  const name = escapeXml(`${one.id} [${one.level}] ${one.title}`)
  const open = `    <testcase classname="${escapeXml(`section ${one.section}`)}" name="${name}" time="${seconds(one.durationMs)}"`
  const inside = renderOutcome(one)
  return inside === '' ? `${open}/>` : `${open}>${inside}</testcase>`
}

function renderOutcome(one: CaseReport): string {
  const message = one.failure?.message ?? one.reason ?? one.verdict
  if (one.verdict === 'fixed') {
    return '<failure type="fixed" message="listed as a known failure, but passes: take it off the list"/>'
  }
  if (one.verdict === 'failed') {
    const text = [
      message,
      ...(one.failure?.exchanges ?? []).map((exchange) => renderExchange(exchange)),
    ].join('\n\n')
    return `<failure type="${one.level}" message="${escapeXml(message)}">${escapeXml(text)}</failure>`
  }
  if (isSkip(one)) return `<skipped message="${escapeXml(`${one.verdict}: ${message}`)}"/>`
  return ''
}

function isFailure({ verdict }: CaseReport): boolean {
  return verdict === 'failed' || verdict === 'fixed'
}

function isSkip({ verdict }: CaseReport): boolean {
  return verdict === 'skipped' || verdict === 'known-failure' || verdict === 'not-run'
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3)
}

/** XML 1.0 has no way at all to write most control characters; they are shown by their code point. */
export function escapeXml(text: string): string {
  // Encoding replaces halves of surrogate pairs, which no encoding of XML can hold either.
  return Buffer.from(text)
    .toString()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(
      // eslint-disable-next-line no-control-regex -- these are what must not remain
      /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g,
      (character) => `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    )
    .replaceAll('\r', '&#13;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;')
}
