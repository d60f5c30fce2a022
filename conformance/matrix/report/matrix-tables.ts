import { compareSections, titleOfSection } from '../../src/spec/sections.js'
import { tally, type Cell, type Tally } from './matrix-results.js'

/** A table as text: a heading row and rows of cells, the first of each being its name. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The known stores first, then whatever else was run, the reference last. */
const ORDER: readonly string[] = ['memory', 'file', 'redis', 'lmdb']
const REFERENCE = 'reference-server'

/** Stores by sections, followed by the official suite and the store cases. */
export function storeTable(cells: readonly Cell[]): Table {
  const subjects = orderSubjects(cells.filter(({ kind }) => kind !== 'clients'))
  const ours = cells.filter(({ kind }) => kind === 'cases')
  const sections = sectionsOf(ours)
  const row = (name: string, of: (own: readonly Cell[]) => Tally, from = ours): string[] => [
    name,
    ...subjects.map((subject) => show(of(from.filter((cell) => cell.subject === subject)))),
  ]
  const ofKind = (kind: Cell['kind']): Cell[] => cells.filter((cell) => cell.kind === kind)
  const rows = [
    ...sections.map((section) =>
      row(`${section} ${titleOfSection(section)}`.trim(), (own) => tally(own, section)),
    ),
    row('all of our server cases', (own) => tally(own)),
    row('official suite', (own) => tally(own), ofKind('official')),
    row('store cases', (own) => tally(own), ofKind('store')),
  ]
  return { head: ['section', ...subjects.map(title)], rows: rows.filter(hasResults) }
}

/** How a store is reached, by stores: a case may pass over one binding and fail over another. */
export function bindingTable(cells: readonly Cell[]): Table {
  const bound = cells.filter(({ kind, variant }) => kind === 'cases' && variant !== null)
  const subjects = orderSubjects(bound)
  const names = { fetch: 'in process', hono: 'Hono on a socket', node: 'node:http' }
  const rows = Object.entries(names).map(([variant, name]) => [
    name,
    ...subjects.map((subject) =>
      show(tally(bound.filter((cell) => cell.subject === subject && cell.variant === variant))),
    ),
  ])
  return { head: ['server cases', ...subjects.map(title)], rows: rows.filter(hasResults) }
}

/** Clients by servers. */
export function clientTable(cells: readonly Cell[]): Table {
  const ours = cells.filter(({ kind }) => kind === 'clients')
  const servers = [...new Set(ours.map(({ variant }) => variant ?? ''))]
  const clients = [...new Set(ours.map(({ subject }) => subject))]
  const rows = clients.map((client) => [
    title(client),
    ...servers.map((server) =>
      show(tally(ours.filter(({ subject, variant }) => subject === client && (variant ?? '') === server))),
    ),
  ])
  return { head: ['client cases', ...servers.map((server) => `on ${title(server)}`)], rows }
}

/** As lines for a terminal, the first column to the left and the others to the right. */
export function toText({ head, rows }: Table): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return all.map((row) => `  ${row.map(pad).join('  ').trimEnd()}\n`).join('')
}

/** As Markdown, padded as prettier pads it. */
export function toMarkdown({ head, rows }: Table): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

export function sectionsOf(cells: readonly Cell[]): string[] {
  const sections = cells.flatMap(({ results }) => results.map(({ section }) => section))
  return [...new Set(sections)].filter((section) => section !== null).sort(compareSections)
}

function orderSubjects(cells: readonly Cell[]): string[] {
  const rank = (subject: string): number => {
    if (subject === REFERENCE) return Number.MAX_SAFE_INTEGER
    const index = ORDER.findIndex((name) => subject === name || subject.startsWith(`${name}-`))
    return index === -1 ? ORDER.length : index
  }
  const subjects = [...new Set(cells.map(({ subject }) => subject))]
  return subjects.sort((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1))
}

function title(subject: string): string {
  return subject.replaceAll('-', ' ')
}

function show({ passed, run }: Tally): string {
  return run === 0 ? '' : `${passed} of ${run}`
}

function hasResults(row: readonly string[]): boolean {
  return row.slice(1).some((cell) => cell !== '')
}
