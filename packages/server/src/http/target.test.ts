import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { MemoryStore } from '@ds/store-memory'
import { Refusal } from './errors.js'
import { describe, expect, test } from 'vitest'
import { parseReadQuery, resolveStreamPath, splitTarget, toOriginForm } from './target.js'
import { settle } from './options.js'

function refusalOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
  return 'none'
}

describe('toOriginForm', () => {
  test.each([
    ['/v1/stream/x', '/v1/stream/x'],
    ['//host/x', '//host/x'],
    ['http://host/v1/stream/x?a=b', '/v1/stream/x?a=b'],
    ['HTTPS://user@host:1/a/%2e%2e/x', '/a/%2e%2e/x'],
    ['http://host', '/'],
    ['http://host?a', '/?a'],
    ['http://host#a', '/#a'],
    ['http://host\\a/b', '/\\a/b'],
    ['http://host//a', '//a'],
    ['*', '*'],
    ['host:80', 'host:80'],
    ['ftp://host/x', 'ftp://host/x'],
    ['', ''],
  ])('%s is %s', (target, expected) => {
    expect(toOriginForm(target)).toBe(expected)
  })
})

describe('splitTarget', () => {
  test.each([
    ['/a', '/a', ''],
    ['/a?', '/a', ''],
    ['/a?b?c', '/a', 'b?c'],
    ['?a', '', 'a'],
  ])('%s is split at the first question mark', (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query })
  })
})

describe('resolveStreamPath', () => {
  const settings = settle({ store: new MemoryStore(), maxPathLength: 8 })
  const resolve = (path: string): string | null => resolveStreamPath(path, settings)

  test.each([
    ['/v1/stream/x', 'x'],
    ['/v1/stream/a/b', 'a/b'],
    ['/v1/stream/%C3%A9', 'é'],
    ['/v1/stream/__dsx', '__dsx'],
    ['/v1/stream/...', '...'],
  ])('%s is stream %s', (path, stream) => {
    expect(resolve(path)).toBe(stream)
  })

  test.each([
    '/v1/stream',
    '/v1/stream/',
    '/v1/streams/x',
    '/v2/stream/x',
    '',
    'v1/stream/x',
    '/V1/stream/x',
  ])('%j is no stream', (path) => {
    expect(resolve(path)).toBeNull()
  })

  test.each([
    ['/v1/stream//', 'INVALID_PATH'],
    ['/v1/stream/x/', 'INVALID_PATH'],
    ['/v1/stream/..', 'INVALID_PATH'],
    ['/v1/stream/%2e', 'INVALID_PATH'],
    ['/v1/stream/a%2fb', 'INVALID_PATH'],
    ['/v1/stream/a\\b', 'INVALID_PATH'],
    ['/v1/stream/%0a', 'INVALID_PATH'],
    ['/v1/stream/%ff', 'INVALID_PATH'],
    ['/v1/stream/é', 'INVALID_PATH'],
    ['/v1/stream/123456789', 'URI_TOO_LONG'],
    ['/v1/stream/__ds', 'NOT_FOUND'],
    ['/v1/stream/%5f%5fds/x', 'NOT_FOUND'],
  ])('%s is refused with %s', (path, code) => {
    expect(refusalOf(() => resolve(path))).toBe(code)
  })
})

describe('parseReadQuery', () => {
  test('a query without parameters of the protocol is that of a plain read', () => {
    for (const query of ['', 'x=y', '&&', '=', 'Offset=1', '%ff']) {
      expect(parseReadQuery(query)).toEqual({ offset: null, live: null, cursor: null })
    }
  })

  test('offset, live and cursor are read', () => {
    expect(parseReadQuery('offset=-1&live=sse&cursor=5')).toEqual({
      offset: { kind: 'start' },
      live: 'sse',
      cursor: 5,
    })
  })

  test('a cursor that no server made is as if it were absent', () => {
    for (const cursor of ['', 'x', '-1', '1e3', '99999999999999999999']) {
      expect(parseReadQuery(`cursor=${cursor}`).cursor).toBeNull()
    }
  })

  test.each([
    ['offset=', 'INVALID_OFFSET'],
    ['offset', 'INVALID_OFFSET'],
    ['offset=0', 'INVALID_OFFSET'],
    ['offset=-1&offset=-1', 'INVALID_OFFSET'],
    ['offset=%2D1%00', 'INVALID_OFFSET'],
    ['live=sse', 'MISSING_OFFSET'],
    ['live=long-poll', 'MISSING_OFFSET'],
    ['offset=-1&live=', 'INVALID_LIVE_MODE'],
    ['offset=-1&live=SSE', 'INVALID_LIVE_MODE'],
  ])('%s is refused with %s', (query, code) => {
    expect(refusalOf(() => parseReadQuery(query))).toBe(code)
  })
})

test('a path that is kept does not keep the query that came with it', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const paths: string[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2_000; i++) {
    paths.push(splitTarget(`/v1/stream/one-of-many-${i}?${'q'.repeat(8_000)}${i}`).path)
  }
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000)
  expect(paths[7]).toBe('/v1/stream/one-of-many-7')
})
