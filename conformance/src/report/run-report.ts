import type { Level } from '../server/server-case.js'

/**
 * How a case came out.
 *
 * - `passed`
 * - `failed`: a breach that no list foresaw
 * - `known-failure`: it failed, as a list of known failures said
 * - `fixed`: it passed although it is listed as a known failure; the list must be brought up to date
 * - `skipped`: the subject lacks what the case needs
 * - `not-run`: the run was stopped before
 */
export type Verdict = 'passed' | 'failed' | 'known-failure' | 'fixed' | 'skipped' | 'not-run'

export const VERDICTS: readonly Verdict[] = [
  'failed',
  'fixed',
  'known-failure',
  'passed',
  'skipped',
  'not-run',
]

export const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'MAY']

/** One request and its answer as a report shows them: bodies are cut at some length and are text wherever they can be. */
export interface ReportedExchange {
  readonly method: string
  readonly target: string
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly requestBody?: string
  /** Null when no answer came. */
  readonly status: number | null
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly responseBody?: string
  readonly elapsedMs?: number
}

/** Why a case failed. */
export interface ReportedFailure {
  /** What was expected and what came instead. */
  readonly message: string
  /** The last exchanges of the case; the breach is in the last of them, or in what they say together. */
  readonly exchanges: readonly ReportedExchange[]
}

export interface CaseReport {
  readonly id: string
  readonly section: string
  readonly level: Level
  readonly title: string
  readonly verdict: Verdict
  readonly durationMs: number
  /** What a skipped case lacks. */
  readonly reason?: string
  readonly failure?: ReportedFailure
}

/** The result of one run: what every report is made of, and the JSON report itself. */
export interface RunReport {
  readonly format: 'ds-conformance-report'
  readonly version: 1
  readonly tool: { readonly name: string; readonly version: string }
  /** What was judged. */
  readonly subject: { readonly kind: 'server' | 'client'; readonly name: string }
  /** RFC 3339. */
  readonly startedAt: string
  readonly durationMs: number
  /** True when the run was stopped before its end. */
  readonly interrupted: boolean
  readonly counts: Readonly<Record<Verdict, number>>
  readonly cases: readonly CaseReport[]
}

export function countVerdicts(cases: readonly CaseReport[]): Record<Verdict, number> {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>
  for (const one of cases) counts[one.verdict] += 1
  return counts
}

/** True for what makes a run red: with `strict` at any level, otherwise where the specification says MUST. */
export function isBreach(one: CaseReport, strict = false): boolean {
  if (one.verdict === 'fixed') return true
  return one.verdict === 'failed' && (strict || one.level === 'MUST')
}
