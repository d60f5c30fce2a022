import { expect, test } from 'vitest'
import { runSeeds, timeOf } from './run-seeds.js'
import { simulateLives } from './simulate-lives.js'

const SHARE = 0.25

test(
  'streams live, fork, expire and end as the protocol says, whatever fails',
  async () => {
    expect(await runSeeds('life-simulation', SHARE, simulateLives)).toBeGreaterThan(0)
  },
  timeOf(SHARE),
)
