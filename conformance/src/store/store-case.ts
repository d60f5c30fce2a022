import type { StoreContext } from './store-context.js'

/** What a case needs of the store or its binding; without it the case is skipped. */
export type StoreNeed =
  /** A store that keeps its data, and `reopen`. */
  | 'kept'
  /** A volatile store with `reopen`. */
  | 'volatile-reopen'
  /** A store for several nodes, and `secondNode`. */
  | 'multi-node'
  /** A store for one node, and `secondNode`. */
  | 'refused-node'
  | 'loseNextAnswer'
  | 'openSmall'

export interface StoreCase {
  /** Group and name, as in `commit/conflict-changes-nothing`: stable, so that lists can refer to it. */
  readonly id: string
  /** What the contract says, as a fact in the present tense. */
  readonly title: string
  readonly need?: StoreNeed
  readonly run: (ctx: StoreContext) => Promise<void>
}

/** Gives the cases of a group their ids. */
export function defineStoreCases(group: string, cases: readonly StoreCase[]): readonly StoreCase[] {
  return cases.map((one) => ({ ...one, id: `${group}/${one.id}` }))
}
