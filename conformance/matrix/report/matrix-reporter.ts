import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { parseKnownFailures } from '../../src/server/known-failures.js'
import { renderMatrixHtml } from './matrix-html.js'
import { identifyCase, identifyCell, mergeCells, type Cell, type CellResult } from './matrix-results.js'
import { bindingTable, clientTable, storeTable, toMarkdown, toText } from './matrix-tables.js'

const TELL_EVERY_MS = 5000
const RESULTS = fileURLToPath(new URL('../../results/', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const LISTS = fileURLToPath(new URL('../../known-failures/', import.meta.url))

/** Tells how the matrix goes, prints its tables at the end, and leaves them as JSON and HTML in `conformance/results`. */
export default class MatrixReporter implements Reporter {
  readonly #startedAt = performance.now()
  #ended = 0
  #failed = 0
  #toldAt = performance.now()

  onTestCaseResult(one: TestCase): void {
    this.#ended += 1
    const { state, errors } = one.result()
    if (state === 'failed') {
      this.#failed += 1
      say(`  FAILS ${nameOf(one.module)}: ${one.name}\n${indent(errors[0]?.message ?? '')}`)
    }
    if (performance.now() - this.#toldAt < TELL_EVERY_MS) return
    this.#toldAt = performance.now()
    say(`  ${this.#ended} cases have ended, ${this.#failed} failed, ${this.#seconds()} s`)
  }

  onTestModuleEnd(module: TestModule): void {
    const { results, durationMs } = toCell(module)
    const passed = results.filter(({ state }) => state === 'passed').length
    const run = results.filter(({ state }) => state !== 'skipped').length
    for (const { message } of module.errors()) say(`  FAILS ${nameOf(module)}: ${message}`)
    say(`${nameOf(module)}: ${passed} of ${run}, ${(durationMs / 1000).toFixed(1)} s`)
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly { readonly message: string }[]): void {
    for (const { message } of errors) say(`  FAILS outside of any case: ${message}`)
    const cells = mergeCells(modules.map(toCell), process.env['DS_MERGE'] === '1' ? readResults() : [])
    const tables = [storeTable(cells), bindingTable(cells), clientTable(cells)].filter(
      ({ rows }) => rows.length > 0,
    )
    for (const table of tables) say(`\n${toText(table).trimEnd()}`)
    mkdirSync(RESULTS, { recursive: true })
    writeFileSync(join(RESULTS, 'matrix.json'), `${JSON.stringify(cells, null, 1)}\n`)
    writeFileSync(join(RESULTS, 'tables.md'), `${tables.map(toMarkdown).join('\n\n')}\n`)
    writeFileSync(join(RESULTS, 'matrix.html'), renderMatrixHtml(cells, new Date()))
    say(`\nReport: ${join(RESULTS, 'matrix.html')}  (${this.#seconds()} s)`)
  }

  #seconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(0)
  }
}

function readResults(): Cell[] {
  return JSON.parse(readFileSync(join(RESULTS, 'matrix.json'), 'utf8')) as Cell[]
}

function toCell(module: TestModule): Cell {
  const identity = identifyCell(module.moduleId)
  const known = knownFailuresOf(identity.subject)
  const results = [...module.children.allTests()].map((one) => toResult(one, known))
  const file = relative(ROOT, module.moduleId)
  return { ...identity, file, durationMs: Math.round(module.diagnostic().duration), results }
}

function toResult(one: TestCase, known: ReadonlySet<string>): CellResult {
  const identity = identifyCase(one.name)
  // Names of the official suite are unique only together with their groups.
  const id = identity.section === null && identity.id === one.name ? one.fullName : identity.id
  const { state, errors } = one.result()
  if (state === 'failed') return { ...identity, id, state, message: errors[0]?.message ?? 'failed' }
  if (state === 'passed') return { ...identity, id, state: known.has(id) ? 'known' : 'passed' }
  return { ...identity, id, state: 'skipped' }
}

/** A listed case passes its test by failing; the list says which those are. */
function knownFailuresOf(subject: string): ReadonlySet<string> {
  try {
    return new Set(parseKnownFailures(readFileSync(join(LISTS, `${subject}.txt`), 'utf8')))
  } catch {
    return new Set()
  }
}

function nameOf(module: TestModule): string {
  const { kind, subject, variant } = identifyCell(module.moduleId)
  return [kind, subject, variant].filter((part) => part !== null).join(' ')
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')
    .trimEnd()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
