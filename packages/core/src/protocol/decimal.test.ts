import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDecimal, parseDigits } from './decimal.js'

it('a number up to 2^53-1 is read as it is written', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => {
      expect(parseDecimal(String(n))).toBe(n)
      expect(parseDigits(String(n))).toBe(n)
    }),
  )
  expect(parseDecimal('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER)
})

it('nothing but plain digits is a number', () => {
  for (const text of [
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    '1abc',
    ' 1',
    '1 ',
    '1\n',
    '１',
    '9007199254740992',
    '9007199254740993',
    '9'.repeat(17),
    '9'.repeat(400),
  ]) {
    expect(parseDecimal(text)).toBeNull()
    expect(parseDigits(text)).toBeNull()
  }
})

it('leading zeros are fine only where the protocol says nothing against them', () => {
  expect(parseDecimal('05')).toBeNull()
  expect(parseDecimal('00')).toBeNull()
  expect(parseDigits('05')).toBe(5)
  expect(parseDigits('00')).toBe(0)
})
