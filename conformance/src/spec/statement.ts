import type { Capability, Level } from '../server/server-case.js'

/** How a statement is put: with a key word of BCP 14, or as a plain fact. */
export type StatementLevel = Level | 'FACT'

/** Whom a statement binds: the server, the client, or those who run and extend them. */
export type Bound = 'server' | 'client' | 'operator'

/** One thing that the specification says, in our words, and what checks it. */
export interface Statement {
  readonly section: string
  readonly level: StatementLevel
  readonly binds: Bound
  readonly text: string
  /** Ids of the cases that check it. */
  readonly cases: readonly string[]
  /** The optional part of the protocol that it belongs to. */
  readonly capability?: Capability
  /** Why no case checks it. */
  readonly reason?: string
}

/** Cases that check a statement, or the reason why none does. */
type Cover = readonly string[] | { readonly reason: string }

type Say = (text: string, cover: Cover) => Statement

/** Statements of one section about one party. */
export interface SectionStatements {
  readonly must: Say
  readonly should: Say
  readonly may: Say
  readonly fact: Say
}

/** Names the section once for all of its statements. */
export function inSection(
  section: string,
  binds: Bound = 'server',
  capability?: Capability,
): SectionStatements {
  const say =
    (level: StatementLevel): Say =>
    (text, cover) => ({
      section,
      level,
      binds,
      text,
      ...(capability === undefined ? {} : { capability }),
      ...('reason' in cover ? { cases: [], reason: cover.reason } : { cases: cover }),
    })
  return { must: say('MUST'), should: say('SHOULD'), may: say('MAY'), fact: say('FACT') }
}

/** A freedom that the specification gives: any server makes use of it or does not, and both are right. */
export const FREEDOM: Cover = { reason: 'a freedom: both ways are right' }
