import { countVerdicts, type CaseReport, type RunReport } from '../../src/report/run-report.js'

const HOSTILE = `</script><img src=x onerror="document.title='owned'"> & "quotes" \u0000\uD800 ]]>`

/** One case of every verdict, with content that would break a report which does not escape it. */
export const SAMPLE_CASES: readonly CaseReport[] = [
  sampleCase('4.1/passes', 'passed', { level: 'MUST' }),
  sampleCase('5.2/fails', 'failed', {
    level: 'MUST',
    failure: {
      message: `expected status 204, got 500 ${HOSTILE}`,
      exchanges: [
        {
          method: 'POST',
          target: '/v1/stream/a?x=<b>',
          requestHeaders: { 'Content-Type': 'text/plain' },
          requestBody: HOSTILE,
          status: 500,
          responseHeaders: { 'content-type': 'text/html' },
          responseBody: HOSTILE,
          elapsedMs: 3,
        },
        { method: 'GET', target: '/v1/stream/a', requestHeaders: {}, status: null, responseHeaders: {} },
      ],
    },
  }),
  sampleCase('5.2.1/listed', 'known-failure', {
    level: 'SHOULD',
    failure: { message: 'expected a tail', exchanges: [] },
  }),
  sampleCase('5.2.1/fixed', 'fixed', { level: 'MAY' }),
  sampleCase('9.1/skipped', 'skipped', { level: 'MUST', reason: 'needs compression' }),
  sampleCase('10/not-run', 'not-run', { level: 'SHOULD' }),
]

export const SAMPLE_REPORT: RunReport = {
  format: 'ds-conformance-report',
  version: 1,
  tool: { name: 'ds-conformance', version: '1.2.3' },
  subject: { kind: 'server', name: 'http://localhost:4437/v1/stream' },
  startedAt: '2026-01-02T03:04:05.678Z',
  durationMs: 12_345,
  interrupted: false,
  counts: countVerdicts(SAMPLE_CASES),
  cases: SAMPLE_CASES,
}

function sampleCase(
  id: string,
  verdict: CaseReport['verdict'],
  more: Partial<CaseReport> & Pick<CaseReport, 'level'>,
): CaseReport {
  const section = id.split('/')[0]!
  return { id, section, title: `the title of ${id}`, verdict, durationMs: 7, ...more }
}
