import { expect, test } from 'vitest'
import { runSeeds, timeOf } from './run-seeds.js'
import { simulateEngine } from './simulate-engine.js'

const SHARE = 0.25

test(
  'producers that repeat what was not answered have every message once and in order, whatever fails',
  async () => {
    expect(await runSeeds('engine-simulation', SHARE, simulateEngine)).toBeGreaterThan(0)
  },
  timeOf(SHARE),
)
