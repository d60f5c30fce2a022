import { DurableStreamTestServer as ReferenceServer } from '@durable-streams/server'
import { parseKnownFailures, runClientCases } from '@ds/conformance'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { LONG_POLL_TIMEOUT_MS, startSubject } from '../subjects.js'
import { selectedSections } from '../cases/selected-sections.js'

const ADAPTER = fileURLToPath(new URL('../../adapters/npm-client.mjs', import.meta.url))
/** The names of clients in this folder, and the packages behind them. */
const PACKAGES = { 'ds-client': '@ds/client', 'reference-client': '@durable-streams/client' } as const

interface Running {
  readonly url: string
  stop(): Promise<void>
}

const SERVERS: Readonly<Record<'our-server' | 'reference-server', () => Promise<Running>>> = {
  async 'our-server'() {
    const subject = await startSubject('memory', 'node')
    return { url: subject.baseUrl, stop: () => subject.stop() }
  },
  async 'reference-server'() {
    const server = new ReferenceServer({ port: 0, longPollTimeout: LONG_POLL_TIMEOUT_MS })
    return { url: await server.start(), stop: () => server.stop() }
  },
}

/** Registers the client cases for one client: those for any server on a server, or the others on the scripted one. */
export function runCasesOf(
  client: keyof typeof PACKAGES,
  server: keyof typeof SERVERS | 'scripted-server',
): void {
  const run = {
    test,
    command: [process.execPath, ADAPTER, PACKAGES[client]],
    ...selectedSections(),
  }
  if (server === 'scripted-server') {
    runClientCases({ ...run, knownFailures: knownFailuresOf(client) })
    return
  }
  let running: Running
  beforeAll(async () => (running = await SERVERS[server]()))
  afterAll(() => running.stop())
  runClientCases({ ...run, on: 'any', serverUrl: () => running.url })
}

function knownFailuresOf(client: string): string[] {
  const list = fileURLToPath(new URL(`../../known-failures/${client}.txt`, import.meta.url))
  return existsSync(list) ? parseKnownFailures(readFileSync(list, 'utf8')) : []
}
