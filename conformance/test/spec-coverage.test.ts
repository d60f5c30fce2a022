import { describe, expect, test } from 'vitest'
import { clientCases } from '../src/client/cases/index.js'
import { serverCases } from '../src/server/cases/index.js'
import { isComplete, measureCoverage } from '../src/spec/coverage.js'
import { SECTION_TITLES } from '../src/spec/sections.js'
import { inSection } from '../src/spec/statement.js'
import { statements } from '../src/spec/statements.js'

const coverage = measureCoverage(statements, [...serverCases, ...clientCases])

describe('what the specification says', () => {
  test('names only cases that exist', () => {
    expect(coverage.unknownIds).toEqual([])
  })

  test('is checked by cases, or says why not, wherever it is a MUST or a SHOULD', () => {
    const missing = coverage.uncovered.filter(({ level }) => level === 'MUST' || level === 'SHOULD')
    expect(missing.map(({ section, text }) => `${section} ${text}`)).toEqual([])
  })

  test('is told in sections that have a heading, once each', () => {
    expect(statements.filter(({ section }) => SECTION_TITLES[section] === undefined)).toEqual([])
    const told = statements.map(({ section, binds, text }) => `${section} ${binds} ${text}`)
    expect(told.filter((one, index) => told.indexOf(one) !== index)).toEqual([])
  })

  test('is behind every server case, but for those of subscriptions', () => {
    const optional = new Set(
      serverCases.filter(({ needs }) => needs?.includes('subscriptions')).map(({ id }) => id),
    )
    const strays = coverage.unnamedIds.filter((id) => !id.startsWith('client/') && !optional.has(id))
    expect(strays).toEqual([])
  })

  test('awaits cases only in the optional part of subscriptions', () => {
    expect(coverage.awaited.filter(({ capability }) => capability !== 'subscriptions')).toEqual([])
  })
})

describe('the comparison', () => {
  const { must, may } = inSection('5.1')
  const cases = [{ id: '5.1/a' }, { id: '5.1/b' }]

  test('finds statements without cases, cases without statements, and names without cases', () => {
    const found = measureCoverage(
      [must('covered', ['5.1/a']), must('typo', ['5.1/typo']), may('free', { reason: 'a freedom' })],
      cases,
    )
    expect(found.covered.map(({ text }) => text)).toEqual(['covered'])
    expect(found.uncovered.map(({ text }) => text)).toEqual(['typo'])
    expect(found.excused.map(({ text }) => text)).toEqual(['free'])
    expect(found.unknownIds).toEqual(['5.1/typo'])
    expect(found.unnamedIds).toEqual(['5.1/b'])
    expect(isComplete(found)).toBe(false)
  })

  test('an uncovered MAY is shown and fails nothing, an uncovered MUST does', () => {
    expect(isComplete(measureCoverage([may('free', [])], cases))).toBe(true)
    expect(isComplete(measureCoverage([must('bound', [])], cases))).toBe(false)
  })

  test('what belongs to an optional part awaits its cases', () => {
    const about = inSection('6.2', 'server', 'subscriptions')
    const found = measureCoverage([about.must('wakes', [])], cases)
    expect(found.awaited).toHaveLength(1)
    expect(isComplete(found)).toBe(true)
  })
})
