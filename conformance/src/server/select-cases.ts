import type { Capability, Level, ServerCase } from './server-case.js'

/** Which cases are run. What is not given narrows nothing. */
export interface CaseSelection {
  /** Only these sections and those below them: `5.2` includes `5.2.1`. */
  readonly section?: string | readonly string[]
  /** Only these cases, by id. */
  readonly only?: readonly string[]
  /** Only these levels. */
  readonly levels?: readonly Level[]
}

/** The cases that a selection names, in the order of the specification; an id that does not exist is an error. */
export function selectCases<
  T extends { readonly id: string; readonly level: Level; readonly section: string },
>(cases: readonly T[], selection: CaseSelection): T[] {
  const { section, only, levels } = selection
  if (only !== undefined) refuseUnknownIds(cases, only)
  const sections = typeof section === 'string' ? [section] : section
  return cases.filter(
    (one) =>
      (only?.includes(one.id) ?? true) &&
      (levels?.includes(one.level) ?? true) &&
      (sections?.some((wanted) => isWithin(one.section, wanted)) ?? true),
  )
}

/** True for the section itself and for every section below it. */
export function isWithin(section: string, wanted: string): boolean {
  return section === wanted || section.startsWith(`${wanted}.`)
}

/** What a case needs that is not there. */
export function missingCapabilities(
  one: Pick<ServerCase, 'needs'>,
  capabilities: readonly Capability[] = [],
): Capability[] {
  return (one.needs ?? []).filter((need) => !capabilities.includes(need))
}

export function isRunnable(
  one: Pick<ServerCase, 'needs'>,
  capabilities: readonly Capability[] = [],
): boolean {
  return missingCapabilities(one, capabilities).length === 0
}

export function refuseUnknownIds(cases: readonly { readonly id: string }[], ids: readonly string[]): void {
  const known = new Set(cases.map((one) => one.id))
  const unknown = ids.filter((id) => !known.has(id))
  if (unknown.length > 0) throw new Error(`no such conformance case: ${unknown.join(', ')}`)
}
