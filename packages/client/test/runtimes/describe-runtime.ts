import { CASES } from '../cases/run-cases.js'
import type { CaseResult, CaseServer } from '../cases/run-cases.js'
import { SERVERS, startServer } from './case-servers.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** How a runtime runs the cases; `stop` ends it. */
export interface Runtime {
  run(server: CaseServer): Promise<CaseResult[]>
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 120_000

/** One test for each case and server, from one run of the runtime. */
export function describeRuntime(name: string, start: () => Promise<Runtime>): void {
  describe.each(SERVERS)(`the client in ${name}, against %s`, (serverName) => {
    const results = new Map<string, string | null>()

    beforeAll(async () => {
      const server = await startServer(serverName)
      try {
        const runtime = await start()
        try {
          for (const { name: caseName, error } of await runtime.run(server)) results.set(caseName, error)
        } finally {
          await runtime.stop()
        }
      } finally {
        await server.stop()
      }
    }, START_TIMEOUT_MS)

    afterAll(() => results.clear())

    test.each(CASES.map((one) => one.name))('%s', (caseName) => {
      expect(results.has(caseName), 'the case was run').toBe(true)
      expect(results.get(caseName)).toBeNull()
    })
  })
}
