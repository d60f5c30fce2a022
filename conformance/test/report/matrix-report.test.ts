import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { renderMatrixHtml } from '../../matrix/report/matrix-html.js'
import {
  identifyCase,
  identifyCell,
  mergeCells,
  tally,
  type Cell,
} from '../../matrix/report/matrix-results.js'
import {
  bindingTable,
  clientTable,
  storeTable,
  toMarkdown,
  toText,
} from '../../matrix/report/matrix-tables.js'

const result = (
  id: string,
  state: Cell['results'][number]['state'],
  message?: string,
): Cell['results'][number] => ({
  id,
  section: id.startsWith('client/') ? null : id.split('/')[0]!,
  title: `the title of ${id} <b>`,
  state,
  ...(message === undefined ? {} : { message }),
})

const CELLS: readonly Cell[] = [
  {
    file: 'memory-fetch',
    kind: 'cases',
    subject: 'memory',
    variant: 'fetch',
    durationMs: 10,
    results: [result('5.1/a', 'passed'), result('5.2/b', 'passed'), result('5.2/c', 'skipped')],
  },
  {
    file: 'memory-node',
    kind: 'cases',
    subject: 'memory',
    variant: 'node',
    durationMs: 10,
    results: [result('5.1/a', 'passed'), result('5.2/b', 'failed', 'a <reason>'), result('5.2/c', 'passed')],
  },
  {
    file: 'reference-server',
    kind: 'cases',
    subject: 'reference-server',
    variant: null,
    durationMs: 10,
    results: [result('5.1/a', 'known'), result('5.2/b', 'passed')],
  },
  {
    file: 'official',
    kind: 'official',
    subject: 'memory',
    variant: 'node',
    durationMs: 10,
    results: [result('x', 'passed')],
  },
  {
    file: 'clients',
    kind: 'clients',
    subject: 'ds-client',
    variant: 'reference-server',
    durationMs: 10,
    results: [result('client/reads', 'passed')],
  },
]

describe('cells', () => {
  test.each([
    ['cases/memory-node.test.ts', { kind: 'cases', subject: 'memory', variant: 'node' }],
    ['cases/redis-3.test.ts', { kind: 'cases', subject: 'redis-3', variant: null }],
    ['cases/reference-server.test.ts', { kind: 'cases', subject: 'reference-server', variant: null }],
    ['store/file.test.ts', { kind: 'store', subject: 'file', variant: null }],
    [
      'clients/ds-client-on-our-server.test.ts',
      { kind: 'clients', subject: 'ds-client', variant: 'our-server' },
    ],
  ])('%s is known by its path', (file, expected) => {
    expect(identifyCell(`/somewhere/matrix/${file}`)).toEqual(expected)
  })

  test('a case is known by its name', () => {
    expect(identifyCase('5.2.1/a-b [MUST] says c')).toEqual({
      id: '5.2.1/a-b',
      section: '5.2.1',
      title: '[MUST] says c',
    })
    expect(identifyCase('should do something')).toMatchObject({ id: 'should do something', section: null })
  })

  test('of an earlier run stay, unless they were run again', () => {
    const again = [{ ...CELLS[1]!, results: [] }]
    const merged = mergeCells(again, CELLS)
    expect(merged).toHaveLength(CELLS.length)
    expect(merged.find(({ file }) => file === 'memory-node')?.results).toEqual([])
  })

  test('a case counts once, and passes if it passed wherever it was run', () => {
    const memory = CELLS.filter(({ subject, kind }) => subject === 'memory' && kind === 'cases')
    expect(tally(memory)).toEqual({ passed: 2, run: 3 })
    expect(tally(memory, '5.2')).toEqual({ passed: 1, run: 2 })
  })
})

describe('tables', () => {
  test('stores by sections, a known failure being no pass', () => {
    expect(storeTable(CELLS)).toEqual({
      head: ['section', 'memory', 'reference server'],
      rows: [
        ['5.1 Create stream', '1 of 1', '0 of 1'],
        ['5.2 Append to stream', '1 of 2', '1 of 1'],
        ['all of our server cases', '2 of 3', '1 of 2'],
        ['official suite', '1 of 1', ''],
      ],
    })
  })

  test('stores by bindings', () => {
    expect(bindingTable(CELLS).rows).toEqual([
      ['in process', '2 of 2'],
      ['node:http', '2 of 3'],
    ])
  })

  test('clients by servers', () => {
    expect(clientTable(CELLS)).toEqual({
      head: ['client cases', 'on reference server'],
      rows: [['ds client', '1 of 1']],
    })
  })

  test('as text and as Markdown', () => {
    const table = { head: ['section', 'memory'], rows: [['5.1', '10 of 10']] }
    expect(toText(table)).toBe('  section    memory\n  5.1      10 of 10\n')
    expect(toMarkdown(table)).toBe('| section | memory   |\n| ------- | -------- |\n| 5.1     | 10 of 10 |')
  })
})

test('the page of the matrix shows what failed, and nothing that it said becomes markup', () => {
  const html = renderMatrixHtml(CELLS, new Date(0))
  expect(html).toContain('1 case fails.')
  expect(html).toContain('a &lt;reason&gt;')
  expect(html).not.toContain('<b>')
})

test('README.md has a place for the tables', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  expect(readme).toMatch(/<!-- conformance -->\n[^]*<!-- \/conformance -->/)
})
