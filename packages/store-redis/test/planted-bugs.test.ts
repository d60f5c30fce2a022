import { PLANTED_BUGS } from './planted-bugs.js'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runWorkload } from './workload.js'

const RUNS = Number(process.env['DS_REDIS_WORKLOADS'] ?? 15)
const MAX_RUNS = 60

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())

test(
  'two nodes whose connections break lose nothing, double nothing and show nothing out of turn',
  async () => {
    for (let run = 0; run < RUNS; run++) expect(await runWorkload(redis)).toBeNull()
  },
  30_000 + RUNS * 2_000,
)

describe('the workload finds a store that', () => {
  test.each(Object.entries(PLANTED_BUGS))(
    '%s',
    async (_, planted) => {
      let found: string | null = null
      for (let run = 0; run < MAX_RUNS && found === null; run++) {
        found = await runWorkload(redis, planted).catch((error: unknown) => String(error))
      }
      expect(found).not.toBeNull()
    },
    90_000,
  )
})
