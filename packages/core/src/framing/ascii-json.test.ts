import { asciiText, encodeAsciiJson } from './ascii-json.js'
import { expect, test } from 'vitest'

test('any text comes back through ASCII', () => {
  const value = { text: 'é\u007f\u2028😀"\\\n', long: 'ü'.repeat(20_000) }
  const bytes = encodeAsciiJson(value)
  expect(bytes.every((byte) => byte < 0x7f)).toBe(true)
  expect(JSON.parse(asciiText([bytes.subarray(0, 9), bytes.subarray(9)]))).toEqual(value)
  expect(asciiText([])).toBe('')
})
