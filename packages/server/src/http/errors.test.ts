import type { ErrorCode } from './errors.js'
import { ERROR_STATUS, errorReply } from './errors.js'
import { describe, expect, test } from 'vitest'

describe('errorReply', () => {
  test.each(Object.entries(ERROR_STATUS))('%s is %s, in JSON, and kept by no cache', (code, status) => {
    const reply = errorReply(code as ErrorCode, 'a "message"\n')
    const headers = new Map<string, string>()
    for (let i = 0; i < reply.headers.length; i += 2) headers.set(reply.headers[i]!, reply.headers[i + 1]!)
    expect(reply.status).toBe(status)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.has('retry-after')).toBe(status === 503 || status === 429)
    expect(JSON.parse(Buffer.concat(reply.body as Uint8Array[]).toString())).toEqual({
      error: { code, message: 'a "message"\n' },
    })
  })
})
