import { basename, dirname } from 'node:path'

/** What a file of the matrix runs: our server cases, the official suite, store cases, or client cases. */
export type Kind = 'cases' | 'official' | 'store' | 'clients'

/** One test of one cell. */
export interface CellResult {
  readonly id: string
  readonly section: string | null
  readonly title: string
  /** `known` is a failure that a list foresaw. */
  readonly state: 'passed' | 'failed' | 'known' | 'skipped'
  readonly message?: string
}

/** One file of the matrix with all that came out of it. */
export interface Cell {
  /** Path of the file from the root of the repository. */
  readonly file: string
  readonly kind: Kind
  /** What the column is called: a store, or the reference server; of client cells, the client. */
  readonly subject: string
  /** The binding; of client cells, the server. Null where there is no such thing. */
  readonly variant: string | null
  readonly durationMs: number
  readonly results: readonly CellResult[]
}

const VARIANTS: readonly string[] = ['fetch', 'hono', 'node']

/** Reads kind, subject and variant from the path of a file, as `cases/memory-node.test.ts`. */
export function identifyCell(file: string): Omit<Cell, 'file' | 'durationMs' | 'results'> {
  const kind = basename(dirname(file)) as Kind
  const name = basename(file).replace(/\.test\.ts$/, '')
  if (kind === 'clients') {
    const [subject = name, variant = null] = name.split('-on-')
    return { kind, subject, variant }
  }
  const dash = name.lastIndexOf('-')
  const last = name.slice(dash + 1)
  if (dash > 0 && VARIANTS.includes(last)) return { kind, subject: name.slice(0, dash), variant: last }
  return { kind, subject: name, variant: null }
}

/** Takes the id and the section out of a test's name, `5.2.1/duplicate-answers-204 [MUST] ...`. */
export function identifyCase(name: string): Pick<CellResult, 'id' | 'section' | 'title'> {
  const match = /^(?<id>(?:(?<section>\d+(?:\.\d+)*)|client)\/[a-z0-9-]+) (?<title>.*)$/.exec(name)
  const { id, section, title } = match?.groups ?? {}
  if (id === undefined || title === undefined) return { id: name, section: null, title: name }
  return { id, section: section ?? null, title }
}

/** How many of the cases passed wherever they were run. */
export interface Tally {
  readonly passed: number
  readonly run: number
}

/** Adds cells up: a case that several bindings ran counts once, and passes if it passed on all of them. */
export function tally(cells: readonly Cell[], section?: string): Tally {
  const verdicts = new Map<string, boolean>()
  for (const { results } of cells) {
    for (const one of results) {
      if (one.state === 'skipped' || (section !== undefined && one.section !== section)) continue
      verdicts.set(one.id, (verdicts.get(one.id) ?? true) && one.state === 'passed')
    }
  }
  return { passed: [...verdicts.values()].filter(Boolean).length, run: verdicts.size }
}

/** The cells of a run, with those of an earlier one that it did not run again. */
export function mergeCells(now: readonly Cell[], before: readonly Cell[]): Cell[] {
  const files = new Set(now.map(({ file }) => file))
  return [...before.filter(({ file }) => !files.has(file)), ...now]
}
