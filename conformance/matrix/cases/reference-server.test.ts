import { DurableStreamTestServer } from '@durable-streams/server'
import { parseKnownFailures, runServerCases } from '@ds/conformance'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, test, vi } from 'vitest'
import { selectedSections } from './selected-sections.js'

const LONG_POLL_TIMEOUT_MS = 700
const LIST = new URL('../../known-failures/reference-server.txt', import.meta.url)

// The reference implementation shows that the cases bite: what it fails is listed, and a case that begins to pass
// turns the run red.
const server = new DurableStreamTestServer({ port: 0, longPollTimeout: LONG_POLL_TIMEOUT_MS })
let baseUrl: string
beforeAll(async () => {
  // It logs each of its internal errors, which the cases show already.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  baseUrl = await server.start()
})
afterAll(() => server.stop())

runServerCases({
  test,
  baseUrl: () => baseUrl,
  longPollTimeoutMs: LONG_POLL_TIMEOUT_MS,
  capabilities: ['socket', 'compression'],
  knownFailures: parseKnownFailures(readFileSync(LIST, 'utf8')),
  ...selectedSections(),
})
