import { describe, expect, test } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.js'
import { simulateStore } from './simulate-store.js'

const MAX_SEEDS = 2_000

describe('the simulation finds a store that', () => {
  test.each(Object.entries(PLANTED_BUGS))(
    '%s',
    async (_, planted) => {
      let found: unknown = null
      for (let seed = 1; seed <= MAX_SEEDS && found === null; seed++) {
        found = await simulateStore(seed, planted).then(
          () => null,
          (error: unknown) => error,
        )
      }
      expect(found).toBeInstanceOf(Error)
    },
    120_000,
  )
})
