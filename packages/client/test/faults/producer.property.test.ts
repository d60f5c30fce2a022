import { DurableStream, DurableStreamError, IdempotentProducer } from '../../src/index.js'
import { POISON, ScriptedProducerServer, WRITE_FAULTS } from './scripted-producer-server.js'
import type { WriteFault } from './scripted-producer-server.js'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { fastClock } from './fast-clock.js'

/** A producer that hangs fails by its own limit; the limit of all keeps a busy machine from waiting for the last run. */
const LIMITS = {
  numRuns: Number(process.env['DS_PROPERTY_RUNS'] ?? 80),
  timeout: 15_000,
  interruptAfterTimeLimit: 25_000,
}

const scenario = fc.record({
  faults: fc.array(fc.constantFrom(...WRITE_FAULTS), { maxLength: 25 }),
  count: fc.integer({ min: 1, max: 40 }),
  maxBatchBytes: fc.integer({ min: 1, max: 60 }),
  maxInFlight: fc.integer({ min: 1, max: 6 }),
  lingerMs: fc.constantFrom(0, 5, 100),
  /** After which messages the writer pauses. */
  pauses: fc.uniqueArray(fc.nat(40), { maxLength: 4 }),
  poisoned: fc.uniqueArray(fc.nat(40), { maxLength: 2 }),
})

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

interface Outcome {
  readonly server: ScriptedProducerServer
  /** Per message: its offset, or its error. */
  readonly results: PromiseSettledResult<unknown>[]
}

async function run(script: Scenario, faults: readonly WriteFault[], autoClaim: boolean): Promise<Outcome> {
  const server = new ScriptedProducerServer(faults)
  const url = await server.start()
  const handle = new DurableStream({
    url,
    contentType: 'application/json',
    clock: fastClock(),
    headers: { authorization: () => `token ${server.token}` },
    onError: (error) =>
      error instanceof DurableStreamError && error.code === 'UNAUTHORIZED' ? {} : undefined,
  })
  const { maxBatchBytes, maxInFlight, lingerMs } = script
  const options = { maxBatchBytes, maxInFlight, lingerMs, autoClaim, onError: () => undefined }
  const producer = new IdempotentProducer(handle, 'writer', options)
  const appends: Promise<unknown>[] = []
  try {
    for (let i = 0; i < script.count; i++) {
      const text = script.poisoned.includes(i) ? POISON : 'x'.repeat(i % 7)
      appends.push(producer.append({ i, text }))
      if (script.pauses.includes(i)) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await producer.flush()
    const results = await Promise.allSettled(appends)
    return { server, results }
  } finally {
    await server.stop()
  }
}

function numbersOf(server: ScriptedProducerServer): number[] {
  return server.messages.map((message) => (message as { i: number }).i)
}

describe('a producer on a network that loses, doubles and reorders', () => {
  test('appends every message exactly once, in order, but what the server refuses', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (script) => {
        const { server, results } = await run(script, script.faults, false)
        const confirmed = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
        expect(numbersOf(server), server.seen.join('\n')).toEqual(confirmed)
        for (const result of results) {
          if (result.status === 'rejected') expect((result.reason as DurableStreamError).status).toBe(413)
        }
        if (script.poisoned.every((i) => i >= script.count)) expect(confirmed).toHaveLength(script.count)
      }),
      LIMITS,
    )
  }, 60_000)

  test('repeats nothing and tells of every loss when others take its name over', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.nat(10), fc.boolean(), async (script, at, autoClaim) => {
        const faults: WriteFault[] = [...script.faults.slice(0, at), 'fence', ...script.faults.slice(at)]
        const { server, results } = await run(script, faults, autoClaim)
        const written = numbersOf(server)
        expect(written, server.seen.join('\n')).toEqual([...new Set(written)].sort((a, b) => a - b))
        for (const [i, { status }] of results.entries())
          if (status === 'fulfilled') expect(written).toContain(i)
      }),
      LIMITS,
    )
  }, 60_000)
})
