import { compareSections, titleOfSection } from '../spec/sections.js'
import { escapeHtml as text, renderPage } from './html-page.js'
import { FILTER_SCRIPT } from './html-filter.js'
import { describeRun } from './describe-run.js'
import {
  LEVELS,
  VERDICTS,
  type CaseReport,
  type ReportedExchange,
  type RunReport,
  type Verdict,
} from './run-report.js'

const VERDICT_NAMES: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  failed: 'failed',
  'known-failure': 'known failure',
  fixed: 'fixed',
  skipped: 'skipped',
  'not-run': 'not run',
}

const VERDICT_STYLES: Readonly<Record<Verdict, string>> = {
  passed: 'good',
  failed: 'bad',
  'known-failure': 'warn',
  fixed: 'bad',
  skipped: 'quiet',
  'not-run': 'quiet',
}

/** The report as one HTML file that a person can read, with filters that work without any other file. */
export function renderHtml(report: RunReport): string {
  const title = `Durable Streams conformance: ${report.subject.name}`
  const body = `<header>
<h1>Durable Streams conformance</h1>
${renderSummary(report)}
</header>
<main>
${renderSections(report)}
<h2 id="cases">Cases</h2>
${renderFilters(report)}
<p id="shown" role="status" class="quiet">${report.cases.length} of ${report.cases.length} cases shown</p>
<ul class="cases">
${report.cases.map(renderCase).join('\n')}
</ul>
</main>
<footer class="quiet"><p>${text(report.tool.name)} ${text(report.tool.version)}. Sections are those of the Durable Streams protocol specification.</p></footer>`
  return renderPage(title, body, FILTER_SCRIPT)
}

function renderSummary(report: RunReport): string {
  const { headline, isGood } = describeRun(report)
  const counts = VERDICTS.filter((verdict) => report.counts[verdict] > 0).map(
    (verdict) => `${report.counts[verdict]} ${VERDICT_NAMES[verdict]}`,
  )
  return `<p>${text(report.subject.kind)} <strong class="id">${text(report.subject.name)}</strong></p>
<p class="verdict ${isGood ? 'good' : 'bad'}">${text(headline)}</p>
<p>${text(counts.join(', '))}</p>
<p class="quiet"><time datetime="${text(report.startedAt)}">${text(report.startedAt.replace('T', ' ').slice(0, 19))} UTC</time>, ${(report.durationMs / 1000).toFixed(1)} s</p>`
}

function renderSections(report: RunReport): string {
  const rows = sectionsOf(report).map((section) => {
    const cases = report.cases.filter((one) => one.section === section)
    const cells = LEVELS.map((level) => renderCount(cases.filter((one) => one.level === level)))
    return `<tr><th scope="row">${text(section)} ${text(titleOfSection(section))}</th>${cells.join('')}</tr>`
  })
  return `<h2>Sections</h2>
<div class="scroll"><table>
<caption>Cases that pass, of those that were run</caption>
<thead><tr><th scope="col">Section</th>${LEVELS.map((level) => `<th scope="col" class="number">${level}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function renderCount(cases: readonly CaseReport[]): string {
  const run = cases.filter(({ verdict }) => verdict !== 'skipped' && verdict !== 'not-run')
  if (run.length === 0) return '<td class="number quiet">-</td>'
  const good = run.filter(({ verdict }) => verdict === 'passed' || verdict === 'fixed').length
  const style = good === run.length ? 'good' : 'bad'
  return `<td class="number ${style}">${good} of ${run.length}</td>`
}

function renderFilters(report: RunReport): string {
  const verdicts = VERDICTS.filter((verdict) => report.counts[verdict] > 0)
  const boxes = verdicts.map((verdict) => renderBox('verdict', verdict, VERDICT_NAMES[verdict]))
  const options = sectionsOf(report).map(
    (section) =>
      `<option value="${text(section)}">${text(section)} ${text(titleOfSection(section))}</option>`,
  )
  return `<form id="filters" aria-label="Which cases are shown">
<fieldset><legend>Status</legend>${boxes.join('')}</fieldset>
<fieldset><legend>Level</legend>${LEVELS.map((level) => renderBox('level', level, level)).join('')}</fieldset>
<fieldset><legend>Section</legend><select name="section" aria-label="Section"><option value="">all</option>${options.join('')}</select></fieldset>
<fieldset><legend>Text</legend><input type="search" name="text" aria-label="Text in the id or the title"></fieldset>
</form>`
}

function renderBox(name: string, value: string, label: string): string {
  return `<label><input type="checkbox" name="${name}" value="${text(value)}" checked> ${text(label)}</label>`
}

function renderCase(one: CaseReport): string {
  const line = `<span class="tag ${VERDICT_STYLES[one.verdict]}">${text(VERDICT_NAMES[one.verdict])}</span> <span class="id">${text(one.id)}</span> <span class="quiet">${one.level}</span> ${text(one.title)}`
  const reason = one.reason === undefined ? '' : ` <span class="quiet">(${text(one.reason)})</span>`
  const attributes = `data-verdict="${one.verdict}" data-level="${one.level}" data-section="${text(one.section)}"`
  if (one.failure === undefined) return `<li ${attributes}>${line}${reason}</li>`
  const open = one.verdict === 'failed' ? ' open' : ''
  return `<li ${attributes}><details${open}><summary>${line}</summary>
<pre class="bad">${text(one.failure.message)}</pre>
${one.failure.exchanges.map((exchange, index) => renderExchange(exchange, index + 1)).join('\n')}
</details></li>`
}

function renderExchange(one: ReportedExchange, number: number): string {
  const request = [
    ...Object.entries(one.requestHeaders).map(([name, value]) => `${name}: ${value}`),
    ...(one.requestBody === undefined ? [] : ['', one.requestBody]),
  ]
  const answer = [
    ...Object.entries(one.responseHeaders).map(([name, value]) => `${name}: ${value}`),
    ...(one.responseBody === undefined ? [] : ['', one.responseBody]),
  ]
  const time = one.elapsedMs === undefined ? '' : ` after ${one.elapsedMs} ms`
  return `<dl><dt>${number}. Sent</dt><dd><pre>${text([`${one.method} ${one.target}`, ...request].join('\n'))}</pre></dd>
<dt>Received${time}</dt><dd><pre>${text([String(one.status ?? 'no answer'), ...answer].join('\n'))}</pre></dd></dl>`
}

function sectionsOf(report: RunReport): string[] {
  return [...new Set(report.cases.map((one) => one.section))].sort(compareSections)
}
