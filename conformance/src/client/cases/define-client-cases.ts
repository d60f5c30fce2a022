import type { ClientCase } from '../client-case.js'

/** Gives the cases of one file where they can run, and checks their ids. */
export function defineClientCases(
  on: ClientCase['on'],
  cases: readonly Omit<ClientCase, 'on'>[],
): readonly ClientCase[] {
  return cases.map((one) => {
    if (!/^client\/[a-z0-9-]+$/.test(one.id)) throw new Error(`${one.id} is no id of a client case`)
    return { ...one, on }
  })
}
