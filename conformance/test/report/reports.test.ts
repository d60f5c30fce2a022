import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeRun } from '../../src/report/describe-run.js'
import { renderHtml } from '../../src/report/html-report.js'
import { renderJson } from '../../src/report/json-report.js'
import { escapeXml, renderJunit } from '../../src/report/junit-report.js'
import { countVerdicts, isBreach, type CaseReport } from '../../src/report/run-report.js'
import { schemaErrors } from './json-schema.js'
import { SAMPLE_CASES, SAMPLE_REPORT } from './sample-report.js'

const schema = JSON.parse(
  readFileSync(new URL('../../report.schema.json', import.meta.url), 'utf8'),
) as Parameters<typeof schemaErrors>[1]

describe('the JSON report', () => {
  test('is what its schema says', () => {
    expect(schemaErrors(JSON.parse(renderJson(SAMPLE_REPORT)), schema)).toEqual([])
  })

  test('the check against the schema sees differences', () => {
    const broken = { ...SAMPLE_REPORT, version: 2, counts: {}, extra: 1, cases: [{ id: 5 }] }
    const errors = schemaErrors(JSON.parse(JSON.stringify(broken)), schema)
    expect(errors).toContain('$.version is not 1')
    expect(errors).toContain('$.counts.passed is missing')
    expect(errors).toContain('$.extra is not described')
    expect(errors).toContain('$.cases[0].id is no string')
    expect(errors).toContain('$.cases[0].verdict is missing')
  })
})

describe('the JUnit report', () => {
  const xml = renderJunit(SAMPLE_REPORT)

  test('has a suite for each section, and counts that agree with its tests', () => {
    expect(xml.match(/<testsuite /g)).toHaveLength(5)
    expect(xml.match(/<testcase /g)).toHaveLength(SAMPLE_CASES.length)
    expect(xml).toContain('tests="6" failures="2" errors="0" skipped="3" time="12.345"')
    expect(xml).toContain('<testsuite name="5.2.1 Idempotent producers" tests="2" failures="1"')
  })

  test('a character that XML cannot hold is shown by its code point', () => {
    expect(escapeXml('a\u0000<&>"\uFFFE\n')).toBe('aU+0000&lt;&amp;&gt;&quot;U+FFFE&#10;')
    expect(escapeXml('\uD800')).toBe('\uFFFD')
  })
})

describe('the HTML report', () => {
  const html = renderHtml(SAMPLE_REPORT)

  test('contains no markup that a server sent', () => {
    expect(html).not.toContain('<img')
    expect(html.match(/<script/g)).toHaveLength(1)
  })

  test('names nothing that would have to be fetched', () => {
    expect(html).not.toMatch(/\b(?:src|href)="(?!data:|#)/)
    expect(html).not.toMatch(/@import|url\(/)
  })
})

describe('the result of a run', () => {
  const report = (cases: readonly CaseReport[], interrupted = false) => ({
    ...SAMPLE_REPORT,
    cases,
    counts: countVerdicts(cases),
    interrupted,
  })
  const advice = { ...SAMPLE_CASES[1]!, id: '5.2/advice', level: 'SHOULD' as const }

  test('names what is red', () => {
    expect(describeRun(SAMPLE_REPORT)).toEqual({
      headline: '1 MUST case fails; 1 listed as known failure passes.',
      isGood: false,
    })
  })

  test('a SHOULD that fails is no bad news, unless the run is strict', () => {
    const cases = [SAMPLE_CASES[0]!, advice, SAMPLE_CASES[2]!]
    expect(describeRun(report(cases))).toEqual({
      headline: 'The MUST case passes; 1 of 1 SHOULD cases does not pass; 1 fail as listed.',
      isGood: true,
    })
    expect(describeRun(report(cases), true).isGood).toBe(false)
    expect(isBreach(advice)).toBe(false)
    expect(isBreach(advice, true)).toBe(true)
  })

  test('a run that was stopped is never good news', () => {
    expect(describeRun(report([SAMPLE_CASES[0]!], true))).toEqual({
      headline: 'Stopped before the end. The MUST case passes.',
      isGood: false,
    })
  })
})
