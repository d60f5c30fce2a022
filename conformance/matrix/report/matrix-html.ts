import { escapeHtml as text, renderPage } from '../../src/report/html-page.js'
import type { Cell } from './matrix-results.js'
import { bindingTable, clientTable, storeTable, type Table } from './matrix-tables.js'

/** The matrix as one HTML file: tables, then what failed, cell by cell. */
export function renderMatrixHtml(cells: readonly Cell[], now: Date): string {
  const failed = cells.flatMap((cell) => cell.results.filter(({ state }) => state === 'failed'))
  const verdict =
    failed.length === 0
      ? '<p class="verdict good">Everything came out as it must.</p>'
      : `<p class="verdict bad">${failed.length} ${failed.length === 1 ? 'case fails' : 'cases fail'}.</p>`
  const body = `<header><h1>Conformance matrix</h1>
${verdict}
<p class="quiet"><time datetime="${now.toISOString()}">${text(now.toISOString().slice(0, 16).replace('T', ' '))} UTC</time></p>
</header>
<main>
${renderTable('Stores by sections', storeTable(cells))}
${renderTable('Stores by bindings', bindingTable(cells))}
${renderTable('Clients by servers', clientTable(cells))}
<h2>Cells</h2>
${cells.map(renderCell).join('\n')}
</main>`
  return renderPage('Durable Streams conformance matrix', body)
}

function renderTable(caption: string, { head, rows }: Table): string {
  if (rows.length === 0) return ''
  const cells = (row: readonly string[]): string =>
    row
      .slice(1)
      .map((cell) => `<td class="number ${styleOf(cell)}">${text(cell)}</td>`)
      .join('')
  return `<h2>${text(caption)}</h2>
<div class="scroll"><table><caption>Cases that pass, of those that were run</caption>
<thead><tr>${head.map((name, index) => `<th scope="col"${index === 0 ? '' : ' class="number"'}>${text(name)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr><th scope="row">${text(row[0] ?? '')}</th>${cells(row)}</tr>`).join('\n')}
</tbody></table></div>`
}

function styleOf(cell: string): string {
  const [passed, run] = cell.split(' of ')
  return passed === run ? 'good' : 'bad'
}

function renderCell({ kind, subject, variant, durationMs, results }: Cell): string {
  const count = (state: string): number => results.filter((one) => one.state === state).length
  const name = [kind, subject, variant].filter((part) => part !== null).join(', ')
  const line = `${name}: ${count('passed')} passed, ${count('failed')} failed, ${count('known')} known failures, ${count('skipped')} skipped, ${(durationMs / 1000).toFixed(1)} s`
  const notable = results.filter(({ state }) => state === 'failed' || state === 'known')
  if (notable.length === 0) return `<p>${text(line)}</p>`
  const open = count('failed') > 0 ? ' open' : ''
  const items = notable.map(
    ({ state, id, title, message }) =>
      `<li><span class="tag ${state === 'failed' ? 'bad' : 'warn'}">${state === 'failed' ? 'failed' : 'known failure'}</span> <span class="id">${text(id)}</span> ${text(title)}${message === undefined ? '' : `<pre>${text(message)}</pre>`}</li>`,
  )
  return `<details${open}><summary>${text(line)}</summary><ul class="cases">${items.join('\n')}</ul></details>`
}
