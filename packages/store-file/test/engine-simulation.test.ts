import { expect, test } from 'vitest'
import { simulateEngine } from './simulate-engine.js'

const SEEDS = Math.ceil(Number(process.env['DS_SIM_SEEDS'] ?? 2_000) / 4)
const ONLY = process.env['DS_SIM_SEED']

test(
  'producers that repeat what was not answered have every message once and in order, whatever fails',
  async () => {
    const first = ONLY === undefined ? 1 : Number(ONLY)
    const last = ONLY === undefined ? SEEDS : first
    for (let seed = first; seed <= last; seed++) {
      await simulateEngine(seed).catch((cause: unknown) => {
        const command = `DS_SIM_SEED=${seed} pnpm exec vitest run --project store-file engine-simulation`
        throw new Error(`seed ${seed} fails; run it again with: ${command}`, { cause })
      })
    }
    expect(last).toBeGreaterThanOrEqual(first)
  },
  Math.max(120_000, SEEDS * 200),
)
