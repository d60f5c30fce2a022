import { describe, expect, test } from 'vitest'
import { TextChunks } from './text-chunks.js'
import { contentOf } from './payload.js'
import { decodeBase64 } from './base64.js'
import fc from 'fast-check'
import { parseItems } from './json-items.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('decodeBase64', () => {
  test('gives the bytes back, whatever lines they were split into', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 9 }), (bytes, width) => {
        const text = Buffer.from(bytes)
          .toString('base64')
          .replace(new RegExp(`(.{${width}})`, 'g'), '$1\n')
        expect(decodeBase64(text)).toEqual(bytes)
      }),
    )
  })

  test.each(['A', 'AB', 'ABC', 'AB-_', '====', 'AB=C', 'ÄBCD', 'A===', 'AB CD'])('%s is none', (text) => {
    expect(decodeBase64(text)).toBeNull()
  })
})

describe('TextChunks', () => {
  test('gives the text back, wherever its bytes are cut, and never half a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.array(fc.nat(40), { maxLength: 6 }),
        (raw, cuts) => {
          const text = `\ufeff${raw}𝄞`
          const bytes = bytesOf(text)
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
          const chunks = new TextChunks()
          let got = ''
          for (const [i, place] of places.slice(1).entries()) {
            const chunk = chunks.add({ kind: 'bytes', bytes: bytes.subarray(places[i], place) })
            if (chunk !== null) expect(bytesOf(got + chunk).length).toBe(place)
            got += chunk ?? ''
          }
          expect(got + chunks.finish()).toBe(text)
        },
      ),
    )
  })
})

describe('parseItems', () => {
  test('takes arrays apart and keeps other values whole', () => {
    expect(parseItems({ kind: 'texts', texts: ['[1,[2]]', '', '{"a":3}'] })).toEqual([1, [2], { a: 3 }])
  })

  test('takes more messages than a call takes arguments', () => {
    const bytes = bytesOf(`[${'1,'.repeat(300_000)}1]`)
    expect(parseItems({ kind: 'bytes', bytes })).toHaveLength(300_001)
  })

  test('refuses what is cut off', () => {
    expect(() => parseItems({ kind: 'texts', texts: ['[1,'] })).toThrow(
      expect.objectContaining({ code: 'PARSE_ERROR' }),
    )
  })
})

test.each([
  ['', 'none'],
  ['[]', 'empty-array'],
  [' [\n] ', 'empty-array'],
  ['[0]', 'data'],
  ['x', 'data'],
])('the content of %j is: %s', (text, content) => {
  expect(contentOf({ kind: 'bytes', bytes: bytesOf(text) })).toBe(content)
  expect(contentOf({ kind: 'texts', texts: text === '' ? [] : [text] })).toBe(content)
})
