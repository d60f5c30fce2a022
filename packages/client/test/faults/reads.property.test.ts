import { DurableStreamError, stream } from '../../src/index.js'
import type { LiveMode, StreamResponse } from '../../src/index.js'
import { READ_FAULTS, ScriptedStream } from './scripted-stream.js'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { fastClock } from './fast-clock.js'

/** How a consumer takes a stream; each gives what it got as one string. */
const CONSUMERS: Record<string, (response: StreamResponse, pause: () => Promise<void>) => Promise<string>> = {
  bodyStream: async (response, pause) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of response.bodyStream()) {
      chunks.push(chunk)
      await pause()
    }
    return Buffer.concat(chunks).toString('latin1')
  },
  subscribeBytes: async (response, pause) => {
    const chunks: Uint8Array[] = []
    response.subscribeBytes(async ({ data, offset }) => {
      expect(response.offset).toBe(offset)
      chunks.push(data)
      await pause()
    })
    await response.closed
    return Buffer.concat(chunks).toString('latin1')
  },
  jsonStream: async (response, pause) => {
    const items: unknown[] = []
    for await (const item of response) {
      items.push(item)
      await pause()
    }
    return JSON.stringify(items)
  },
  subscribeJson: async (response, pause) => {
    const items: unknown[] = []
    response.subscribeJson(async (batch) => {
      items.push(...batch.items)
      await pause()
    })
    await response.closed
    return JSON.stringify(items)
  },
  textStream: async (response, pause) => {
    let text = ''
    for await (const chunk of response.textStream()) {
      text += chunk
      await pause()
    }
    return Buffer.from(text).toString('latin1')
  },
}

const scenario = fc.record({
  contentType: fc.constantFrom('application/json', 'text/plain', 'application/octet-stream'),
  live: fc.constantFrom<LiveMode>(true, 'long-poll', 'sse'),
  size: fc.integer({ min: 1, max: 12 }),
  pageSize: fc.integer({ min: 1, max: 4 }),
  faults: fc.array(fc.constantFrom(...READ_FAULTS), { maxLength: 14 }),
  consumer: fc.nat(),
  slow: fc.boolean(),
})

function messagesOf(contentType: string, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    if (contentType === 'application/json')
      return Buffer.from(JSON.stringify({ i, text: `mëssage ${'x'.repeat(i)}` }))
    // Characters of several bytes, so that chunks end within them.
    if (contentType === 'text/plain') return Buffer.from(`${i}: 𝄞 é\n`)
    return Buffer.from([i, 255, 0, 10, 13])
  })
}

/** A read that hangs fails by its own limit; the limit of all keeps a busy machine from waiting for the last run. */
const LIMITS = {
  numRuns: Number(process.env['DS_PROPERTY_RUNS'] ?? 100),
  timeout: 20_000,
  interruptAfterTimeLimit: 30_000,
}

describe('a read through a network that fails in every way', () => {
  test('delivers the stream: no gap, no repeat, in order', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ contentType, live, size, pageSize, faults, consumer, slow }) => {
        const messages = messagesOf(contentType, size)
        const server = new ScriptedStream({ contentType, messages, pageSize, faults })
        const url = await server.start()
        const isJson = contentType === 'application/json'
        const names = isJson
          ? ['jsonStream', 'subscribeJson']
          : ['bodyStream', 'subscribeBytes', 'textStream']
        const name =
          contentType.startsWith('text') || isJson ? names[consumer % names.length]! : names[consumer % 2]!
        try {
          const response = await stream({
            url,
            live,
            clock: fastClock(),
            idleTimeout: 6_000,
            sseResilience: { firstEventTimeout: 2_000, logWarnings: false },
            headers: { authorization: 'token 0' },
            onError: (error) => {
              if (!(error instanceof DurableStreamError)) return
              return error.code === 'UNAUTHORIZED'
                ? { headers: { Authorization: `token ${server.token}` } }
                : {}
            },
          })
          const pause = (): Promise<void> =>
            slow ? new Promise((resolve) => setTimeout(resolve, 1)) : Promise.resolve()
          const got = await CONSUMERS[name]!(response, pause)
          const want = isJson
            ? JSON.stringify(messages.map((message) => JSON.parse(message.toString()) as unknown))
            : Buffer.concat(messages).toString('latin1')
          expect(got, server.seen.join('\n')).toBe(want)
          expect(response.streamClosed).toBe(true)
          expect(response.offset).toBe(String(size).padStart(10, '0'))
        } finally {
          await server.stop()
        }
      }),
      LIMITS,
    )
  })
})
