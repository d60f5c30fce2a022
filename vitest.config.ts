import { defineConfig } from 'vitest/config'

// What has to come about has the time that it takes on a busy machine; tests in which it must be quick say so themselves.
const PATIENCE = { testTimeout: 20_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000 } } }

const unit = (name: string, root: string) => ({
  test: { name, root, include: ['src/**/*.test.{ts,mjs}', 'test/**/*.test.ts'], ...PATIENCE },
})

export default defineConfig({
  test: {
    projects: [
      unit('core', './packages/core'),
      unit('store-memory', './packages/store-memory'),
      unit('store-file', './packages/store-file'),
      unit('store-redis', './packages/store-redis'),
      unit('store-lmdb', './packages/store-lmdb'),
      unit('client', './packages/client'),
      unit('cli', './packages/cli'),
      unit('server', './packages/server'),
      unit('conformance', './conformance'),
      unit('bench', './apps/bench'),
      unit('cluster-demo', './apps/cluster-demo'),
      { test: { name: 'checks', root: './checks', include: ['src/**/*.test.ts'], ...PATIENCE } },
      // Cases mostly wait, for time-outs and for streams to expire, so that more than one for each core get on well. The
      // official suite leaves itself more time than our cases, which look at what was late.
      {
        test: {
          ...PATIENCE,
          name: 'matrix',
          root: './conformance',
          include: ['matrix/{cases,store,clients}/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'official-suite',
          root: './conformance',
          include: ['matrix/official/*.test.ts'],
          ...PATIENCE,
          // Some of its tests send megabytes.
          testTimeout: 30_000,
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
