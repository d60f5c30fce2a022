import { describe, expect, test } from 'vitest'
import { DurableStream } from './write/durable-stream.js'
import { IdempotentProducer } from './producer/idempotent-producer.js'
import { stream } from './read/stream.js'
import { withDefaults } from './with-defaults.js'

const url = 'http://127.0.0.1:1/s'

describe('options', () => {
  test('are as given, and as the defaults where they are undefined', () => {
    const given: { a?: number | undefined; b?: number; c?: string } = { a: undefined, b: 2, c: 'x' }
    expect(withDefaults({ a: 1, b: 1 }, given)).toEqual({ a: 1, b: 2, c: 'x' })
    expect(withDefaults({ a: 1 }, undefined)).toEqual({ a: 1 })
  })

  test('of a producer may be undefined', () => {
    const handle = new DurableStream({ url, contentType: 'text/plain' })
    const options = { lingerMs: undefined, maxInFlight: undefined } as object
    expect(() => new IdempotentProducer(handle, 'p', options)).not.toThrow()
  })

  test.each([NaN, -1])('with which no wait would be one are refused: %s', async (value) => {
    const invalid = { code: 'INVALID_OPTION' }
    const refusal = expect.objectContaining(invalid) as unknown as Error
    expect(() => new DurableStream({ url, backoffOptions: { initialDelay: value } })).toThrow(refusal)
    await expect(stream({ url, backoffOptions: { maxDelay: value } })).rejects.toMatchObject(invalid)
    await expect(stream({ url, sseResilience: { retryAfter: value } })).rejects.toMatchObject(invalid)
    await expect(stream({ url, idleTimeout: value })).rejects.toMatchObject(invalid)
    await expect(stream({ url, maxBufferBytes: value })).rejects.toMatchObject(invalid)
    const handle = new DurableStream({ url, contentType: 'text/plain' })
    expect(() => new IdempotentProducer(handle, 'p', { lingerMs: value })).toThrow(refusal)
  })
})
