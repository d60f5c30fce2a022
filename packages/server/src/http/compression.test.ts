import { chooseCoding, isCompressible, webCompressor } from './compression.js'
import { describe, expect, test } from 'vitest'
import { gunzipSync } from 'node:zlib'
import { nodeRuntime } from '../node/node-runtime.js'

const BOTH = ['br', 'gzip'] as const

describe('chooseCoding', () => {
  test.each([
    [undefined, null],
    ['', null],
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip;q=1, br;q=0.1', 'br'],
    ['br;q=0', null],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0', null],
    ['gzip;q=0.001', 'gzip'],
    ['x-gzip', null],
    [','.repeat(5_000), null],
  ])('%s is %s', (accepted, coding) => {
    expect(chooseCoding(accepted, BOTH)).toBe(coding)
  })

  test('a runtime that knows one coding answers with no other', () => {
    expect(chooseCoding('br, gzip', ['gzip'])).toBe('gzip')
    expect(chooseCoding('br', ['gzip'])).toBeNull()
    expect(chooseCoding('gzip', [])).toBeNull()
  })
})

describe('isCompressible', () => {
  test.each([
    'text/plain',
    'TEXT/html',
    'application/json',
    'application/ld+json; a=b',
    'application/x-ndjson',
  ])('%s is', (type) => {
    expect(isCompressible(type)).toBe(true)
  })

  test.each(['application/octet-stream', 'image/png', 'application/gzip', 'application/x-text/'])(
    '%s is not',
    (type) => {
      expect(isCompressible(type)).toBe(false)
    },
  )
})

describe('compressors', () => {
  test('the one of the web and the one of Node make the same of the same pieces', async () => {
    const pieces = [Buffer.from('one, '), Buffer.from('two, '), Buffer.alloc(0), Buffer.from('three')]
    for (const compressor of [webCompressor, nodeRuntime.compressor]) {
      expect(gunzipSync(await compressor.compress('gzip', pieces)).toString()).toBe('one, two, three')
    }
  })
})
