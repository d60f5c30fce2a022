import type { CaseContext } from './case-context.js'

/** How strongly the specification asks for a fact, or MAY where it leaves a choice that a server should take knowingly. */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

/**
 * What a case needs beyond plain HTTP.
 *
 * - `socket`: the base URL can be reached by a raw TCP or TLS connection
 * - `compression`: the server compresses responses for clients that accept it
 * - `sse-recycle`: `sseRecycleMs` is given, and is short enough to wait for
 * - `body-limit`: `bodyLimitBytes` is given, and is small enough to exceed
 * - `restart`: the server can be restarted, and keeps its data where it is
 * - `subscriptions`: the server has the subscription APIs of sections 6 and 7
 */
export type Capability = 'socket' | 'compression' | 'sse-recycle' | 'body-limit' | 'restart' | 'subscriptions'

/** Every capability, for those who choose among them. */
export const CAPABILITIES: readonly Capability[] = [
  'socket',
  'compression',
  'sse-recycle',
  'body-limit',
  'restart',
  'subscriptions',
]

/** What is known of a case without running it. */
export interface ServerCaseInfo {
  /** Section and name, as in `5.2.1/duplicate-answers-204`: stable, so that lists can refer to it. */
  readonly id: string
  readonly level: Level
  /** The section of the specification that the case checks. */
  readonly section: string
  /** A fact in the present tense. */
  readonly title: string
  readonly needs?: readonly Capability[]
  /** Spends its time waiting; the runner starts all such cases together. */
  readonly slow?: true
  /** Restarts the server, and so runs alone, after all others. */
  readonly alone?: true
}

export interface ServerCase extends ServerCaseInfo {
  readonly run: (ctx: CaseContext) => Promise<void>
}

/** Gives the cases of one section their section number, and refuses ids that say another. */
export function defineCases(
  section: string,
  cases: readonly Omit<ServerCase, 'section'>[],
): readonly ServerCase[] {
  return cases.map((one) => {
    if (!one.id.startsWith(`${section}/`))
      throw new Error(`case ${one.id} does not belong to section ${section}`)
    return { ...one, section }
  })
}
