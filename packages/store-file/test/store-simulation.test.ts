import { expect, test } from 'vitest'
import { runSeeds, timeOf } from './run-seeds.js'
import { simulateStore } from './simulate-store.js'

test(
  'on a disk that fails and forgets, every acknowledged commit is there once, every other as a whole or not at all',
  async () => {
    expect(await runSeeds('store-simulation', 1, simulateStore)).toBeGreaterThan(0)
  },
  timeOf(1),
)
