import { describe, expect, test } from 'vitest'
import { findStream, parseBase } from './stream-target.js'

describe('parseBase', () => {
  test.each([
    [undefined, 'http://localhost:4437', '/v1/stream'],
    ['', 'http://localhost:4437', '/v1/stream'],
    ['http://localhost:4437', 'http://localhost:4437', '/v1/stream'],
    ['localhost:8080', 'http://localhost:8080', '/v1/stream'],
    ['https://streams.example.com/', 'https://streams.example.com', '/v1/stream'],
    ['https://streams.example.com/v1/stream/', 'https://streams.example.com', '/v1/stream'],
    ['https://example.com/api/streams', 'https://example.com', '/api/streams'],
  ])('%s is %s with %s', (text, origin, path) => {
    expect(parseBase(text)).toEqual({ origin, path })
  })

  test.each(['ftp://x', 'http://', 'http://x?y=1', 'http://u:p@x'])('%s is refused', (text) => {
    expect(() => parseBase(text)).toThrow()
  })
})

describe('findStream', () => {
  const base = parseBase(undefined)
  test.each([
    ['chat', 'http://localhost:4437/v1/stream/chat'],
    ['rooms/42', 'http://localhost:4437/v1/stream/rooms/42'],
    ['/v1/stream/chat', 'http://localhost:4437/v1/stream/chat'],
    ['a b?c#d%20', 'http://localhost:4437/v1/stream/a%20b%3Fc%23d%2520'],
    ['metrics:cpu@x', 'http://localhost:4437/v1/stream/metrics:cpu@x'],
    ['https://example.com/v1/stream/x?tenant=1', 'https://example.com/v1/stream/x?tenant=1'],
  ])('%s is at %s', (name, url) => {
    expect(findStream(name, base).url).toBe(url)
  })

  test.each(['', '/', '/chat', 'a//b', 'a/', '.', '..', 'a/../b', 'http://'])('%j names none', (name) => {
    expect(() => findStream(name, base)).toThrow()
  })
})
