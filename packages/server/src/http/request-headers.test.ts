import { MemoryStore } from '@ds/store-memory'
import { Refusal } from './errors.js'
import { describe, expect, test } from 'vitest'
import { fakeRequest } from '../../test/support/fake-request.js'
import {
  readClosed,
  readContentType,
  readExpiry,
  readFork,
  readProducer,
  readStreamSeq,
} from './request-headers.js'
import { settle } from './options.js'

const NOW = Date.UTC(2030, 0, 1)
const settings = settle({ store: new MemoryStore() })

function refusalOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
  return 'none'
}

describe('readContentType', () => {
  test.each(['text/plain', 'application/json; charset="utf-8"', 'a/b;c', 'Text/Plain'])(
    '%s is taken as it is',
    (value) => {
      expect(readContentType(fakeRequest({ 'content-type': value }))).toBe(value)
    },
  )

  test('a missing one and an empty one are none', () => {
    expect(readContentType(fakeRequest())).toBeNull()
    expect(readContentType(fakeRequest({ 'content-type': '' }))).toBeNull()
  })

  test.each([
    'text',
    '/',
    'text/',
    'text/plain, text/html',
    'text/pl\u00e9in',
    'a b/c',
    `a/${'b'.repeat(255)}`,
  ])('%s is refused', (value) => {
    expect(refusalOf(() => readContentType(fakeRequest({ 'content-type': value })))).toBe(
      'INVALID_CONTENT_TYPE',
    )
  })
})

describe('readClosed', () => {
  test.each([
    ['true', true],
    ['TRUE', true],
    ['True', true],
    ['1', false],
    ['yes', false],
    ['', false],
    ['true, true', false],
  ])('%j is %s', (value, closed) => {
    expect(readClosed(fakeRequest({ 'stream-closed': value }))).toBe(closed)
  })
})

describe('readExpiry', () => {
  test('a window, a moment, or nothing', () => {
    expect(readExpiry(fakeRequest({ 'stream-ttl': '60' }), NOW)).toEqual({ kind: 'ttl', seconds: 60 })
    expect(readExpiry(fakeRequest({ 'stream-expires-at': '2030-01-01T00:00:01Z' }), NOW)).toEqual({
      kind: 'at',
      atMs: NOW + 1_000,
    })
    expect(readExpiry(fakeRequest(), NOW)).toBeNull()
  })

  test.each([
    [{ 'stream-ttl': '0' }, 'INVALID_TTL'],
    [{ 'stream-ttl': '060' }, 'INVALID_TTL'],
    [{ 'stream-ttl': '6e1' }, 'INVALID_TTL'],
    [{ 'stream-ttl': '' }, 'INVALID_TTL'],
    [{ 'stream-expires-at': 'tomorrow' }, 'INVALID_EXPIRES_AT'],
    [{ 'stream-expires-at': '2030-01-01T00:00:00Z' }, 'INVALID_EXPIRES_AT'],
    [{ 'stream-ttl': '60', 'stream-expires-at': '2031-01-01T00:00:00Z' }, 'TTL_AND_EXPIRES_AT'],
  ])('%j is refused with %s', (headers, code) => {
    expect(refusalOf(() => readExpiry(fakeRequest(headers as Record<string, string>), NOW))).toBe(code)
  })
})

describe('readProducer', () => {
  const tuple = (id: string, epoch: string, seq: string): Record<string, string> => {
    return { 'producer-id': id, 'producer-epoch': epoch, 'producer-seq': seq }
  }

  test('three headers are one attempt, none is none', () => {
    expect(readProducer(fakeRequest(tuple('p', '1', '9007199254740991')))).toEqual({
      id: 'p',
      epoch: 1,
      seq: Number.MAX_SAFE_INTEGER,
    })
    expect(readProducer(fakeRequest())).toBeNull()
  })

  test.each([
    tuple('', '0', '0'),
    tuple('p'.repeat(257), '0', '0'),
    tuple('p', '', '0'),
    tuple('p', '-1', '0'),
    tuple('p', '0', '1e3'),
    tuple('p', '0', '9007199254740992'),
    tuple('p', '0', '0, 0'),
    { 'producer-id': 'p', 'producer-epoch': '0' },
    { 'producer-seq': '0' },
  ] as Record<string, string>[])('%j is refused', (headers) => {
    expect(refusalOf(() => readProducer(fakeRequest(headers)))).toBe('INVALID_PRODUCER')
  })
})

describe('readStreamSeq', () => {
  test('it is opaque text', () => {
    expect(readStreamSeq(fakeRequest({ 'stream-seq': 'a 1' }))).toBe('a 1')
    expect(readStreamSeq(fakeRequest())).toBeNull()
  })

  test.each(['', '\u00e9', 's'.repeat(257), '\t'])('%j is refused', (value) => {
    expect(refusalOf(() => readStreamSeq(fakeRequest({ 'stream-seq': value })))).toBe('INVALID_STREAM_SEQ')
  })
})

describe('readFork', () => {
  const from = { 'stream-forked-from': '/v1/stream/a/b' }

  test('a source, an offset and a sub-offset', () => {
    expect(readFork(fakeRequest(), settings)).toBeNull()
    expect(readFork(fakeRequest(from), settings)).toEqual({ source: 'a/b', offset: null, subOffset: 0 })
    const headers = { ...from, 'stream-fork-offset': '-1', 'stream-fork-sub-offset': '5' }
    expect(readFork(fakeRequest(headers), settings)).toEqual({
      source: 'a/b',
      offset: { kind: 'start' },
      subOffset: 5,
    })
  })

  test.each([
    [{ 'stream-forked-from': 'a/b' }, 'INVALID_FORK_SOURCE'],
    [{ 'stream-forked-from': 'http://localhost/v1/stream/a' }, 'INVALID_FORK_SOURCE'],
    [{ 'stream-forked-from': '' }, 'INVALID_FORK_SOURCE'],
    [{ 'stream-forked-from': '/v1/stream/../a' }, 'INVALID_PATH'],
    [{ ...from, 'stream-fork-offset': '' }, 'INVALID_FORK_OFFSET'],
    [{ ...from, 'stream-fork-offset': '9999999999999999_9999999999999999' }, 'INVALID_FORK_OFFSET'],
    [{ ...from, 'stream-fork-sub-offset': '05' }, 'INVALID_FORK_SUB_OFFSET'],
    [{ ...from, 'stream-fork-sub-offset': '-1' }, 'INVALID_FORK_SUB_OFFSET'],
    [{ 'stream-fork-offset': '-1' }, 'INVALID_FORK_OFFSET'],
    [{ 'stream-fork-sub-offset': '0' }, 'INVALID_FORK_SUB_OFFSET'],
  ])('%j is refused with %s', (headers, code) => {
    expect(refusalOf(() => readFork(fakeRequest(headers as Record<string, string>), settings))).toBe(code)
  })
})
