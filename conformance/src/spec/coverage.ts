import type { Statement } from './statement.js'

/** What a comparison of statements and cases finds. */
export interface Coverage {
  /** Statements with at least one case. */
  readonly covered: readonly Statement[]
  /** Statements that say why they have none. */
  readonly excused: readonly Statement[]
  /** Statements of an optional part whose cases are still to come. */
  readonly awaited: readonly Statement[]
  /** Any other statement without a case. */
  readonly uncovered: readonly Statement[]
  /** Ids that statements name and no case has. */
  readonly unknownIds: readonly string[]
  /** Cases that no statement names. */
  readonly unnamedIds: readonly string[]
}

/** Compares what the specification says with what the cases check: a case belongs to the statements that name it. */
export function measureCoverage(
  statements: readonly Statement[],
  cases: readonly { readonly id: string }[],
): Coverage {
  const ids = new Set(cases.map((one) => one.id))
  const named = new Set(statements.flatMap((one) => one.cases))
  const groups: Record<'covered' | 'excused' | 'awaited' | 'uncovered', Statement[]> = {
    covered: [],
    excused: [],
    awaited: [],
    uncovered: [],
  }
  for (const one of statements) groups[judge(one, ids)].push(one)
  return {
    ...groups,
    unknownIds: [...named].filter((id) => !ids.has(id)),
    unnamedIds: cases.filter((one) => !named.has(one.id)).map((one) => one.id),
  }
}

function judge(
  { cases, reason, capability }: Statement,
  ids: ReadonlySet<string>,
): 'covered' | 'excused' | 'awaited' | 'uncovered' {
  if (cases.some((id) => ids.has(id))) return 'covered'
  if (reason !== undefined) return 'excused'
  return capability === undefined ? 'uncovered' : 'awaited'
}

/** True when nothing is missing: what is awaited and what is excused is shown, and fails nothing. */
export function isComplete({ uncovered, unknownIds }: Coverage): boolean {
  return unknownIds.length === 0 && uncovered.every((one) => one.level !== 'MUST' && one.level !== 'SHOULD')
}
