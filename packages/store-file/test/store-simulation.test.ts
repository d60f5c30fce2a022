import { describe, expect, test } from 'vitest'
import { simulateStore } from './simulate-store.js'

const SEEDS = Number(process.env['DS_SIM_SEEDS'] ?? 2_000)
const ONLY = process.env['DS_SIM_SEED']

/** Runs seeds in order; the error of the first one that fails says how to run it again. */
async function runSeeds(first: number, count: number): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    try {
      await simulateStore(seed)
    } catch (cause) {
      const command = `DS_SIM_SEED=${seed} pnpm exec vitest run --project store-file store-simulation`
      throw new Error(`seed ${seed} fails; run it again with: ${command}`, { cause })
    }
  }
}

describe('the store on a disk that fails and forgets', () => {
  test(
    'has every acknowledged commit exactly once, and every other one as a whole or not at all',
    async () => {
      if (ONLY !== undefined) await runSeeds(Number(ONLY), 1)
      else await runSeeds(1, SEEDS)
      expect(true).toBe(true)
    },
    Math.max(120_000, SEEDS * 200),
  )
})
