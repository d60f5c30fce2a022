import { describe, expect, test } from 'vitest'
import { check, equal, isBefore, isSame, show } from '../src/server/assertions.js'
import { ConformanceFailure, Exchange } from '../src/index.js'

function exchange(status: number, headers: Record<string, string>, body = ''): Exchange {
  const request = {
    method: 'POST',
    target: '/v1/stream/a',
    headers: { 'Stream-Seq': 'm' },
    body: Buffer.from('sent'),
  }
  return new Exchange(request, {
    status,
    headers: new Headers(headers),
    bytes: Buffer.from(body),
    elapsedMs: 5,
  })
}

function failureOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    expect(error).toBeInstanceOf(ConformanceFailure)
    return (error as Error).message
  }
  throw new Error('expected a failure')
}

describe('values', () => {
  test('compare by content', () => {
    expect(isSame([{ a: [1, 'x'] }], [{ a: [1, 'x'] }])).toBe(true)
    expect(isSame(Uint8Array.of(1, 2), Buffer.from([1, 2]))).toBe(true)
    expect(isSame(null, {})).toBe(false)
    expect(isSame([1], [1, 2])).toBe(false)
    expect(isSame({ a: 1 }, { a: 1, b: undefined })).toBe(false)
    expect(isSame({ toString: 1 }, { a: 1 })).toBe(false)
    expect(isSame(Uint8Array.of(1), [1])).toBe(false)
    expect(isSame([], {})).toBe(false)
  })

  test('are shown within bounds', () => {
    expect(show('x'.repeat(5000)).length).toBeLessThan(700)
    expect(show(Uint8Array.of(1, 255))).toBe('<2 bytes: 01 ff>')
    expect(show(undefined)).toBe('undefined')
  })

  test('order by bytes, not by locale', () => {
    expect(isBefore('B', 'a')).toBe(true)
    expect(isBefore('10', '9')).toBe(true)
    expect(isBefore('a', 'a')).toBe(false)
  })

  test('a difference names both sides', () => {
    const message = failureOf(() => equal([1], [2], 'the messages'))
    expect(message).toContain('the messages')
    expect(message).toContain('expected: [2]')
    expect(message).toContain('actual:   [1]')
    expect(failureOf(() => check(false, 'a reason', 'a context'))).toBe('a reason\na context')
  })
})

describe('Exchange', () => {
  test('a wrong status names the request and the response', () => {
    const message = failureOf(() =>
      exchange(409, { 'Stream-Closed': 'true' }, 'closed').expectStatus(200, 204),
    )
    expect(message).toContain('expected status 200 or 204, got 409')
    expect(message).toContain('POST /v1/stream/a')
    expect(message).toContain('Stream-Seq: m')
    expect(message).toContain('body "sent"')
    expect(message).toContain('stream-closed: true')
    expect(message).toContain('body "closed"')
  })

  test('a header is compared by its value, and absence is no value', () => {
    const answer = exchange(200, { ETag: '"a"' })
    expect(answer.expectHeader('ETag', '"a"').expectHeader('etag', /^"/)).toBe(answer)
    expect(failureOf(() => answer.expectHeader('ETag', '"b"'))).toContain('got "\\"a\\""')
    expect(failureOf(() => answer.expectHeader('Stream-Closed', 'true'))).toContain('which is absent')
    expect(failureOf(() => answer.expectNoHeader('ETag'))).toContain('expected no header ETag')
  })

  test('a media type is compared without its parameters', () => {
    exchange(200, { 'Content-Type': 'Application/JSON; charset=utf-8' }).expectMediaType('application/json')
    failureOf(() => exchange(200, { 'Content-Type': 'text/plain' }).expectMediaType('application/json'))
  })

  test('sentinels are no offsets', () => {
    expect(exchange(200, { 'Stream-Next-Offset': '7' }).nextOffset).toBe('7')
    for (const value of ['-1', 'now', ''])
      failureOf(() => exchange(200, { 'Stream-Next-Offset': value }).nextOffset)
    failureOf(() => exchange(200, {}).nextOffset)
  })

  test('bodies are compared as text, bytes or JSON, with a byte order mark kept', () => {
    const answer = exchange(200, {}, '\uFEFF[1]')
    answer.expectBody('\uFEFF[1]')
    failureOf(() => answer.expectBody('[1]'))
    exchange(200, {}, '[ 1 ]')
      .expectJson([1])
      .expectBody(Uint8Array.from(Buffer.from('[ 1 ]')))
    failureOf(() => exchange(200, {}, 'no').expectJson([]))
  })

  test('slow answers fail a limit', () => {
    exchange(200, {}).expectWithin(5)
    failureOf(() => exchange(200, {}).expectWithin(4))
  })
})
