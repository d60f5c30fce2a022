import { describe, expect, test } from 'vitest'
import { settleChoice, settleNumbers } from './options.js'

describe('options that are numbers', () => {
  const defaults = { maxBytes: 10, waitMs: 20 }

  test('are what is given, and else the default', () => {
    expect(settleNumbers({}, defaults)).toEqual({ maxBytes: 10, waitMs: 20 })
    expect(settleNumbers({ waitMs: 1 }, defaults)).toEqual({ maxBytes: 10, waitMs: 1 })
    expect(settleNumbers({ maxBytes: undefined, waitMs: undefined }, defaults)).toEqual(defaults)
  })

  test('are all that is taken, and the defaults stay what they are', () => {
    const given = { maxBytes: 1, name: 'x' }
    expect(settleNumbers(given, defaults)).toEqual({ maxBytes: 1, waitMs: 20 })
    expect(defaults).toEqual({ maxBytes: 10, waitMs: 20 })
  })

  test.each([NaN, -1, 0.5, Infinity, 2 ** 53, '10', null])('are refused with their name: %s', (value) => {
    const given = { maxBytes: value as number }
    expect(() => settleNumbers(given, defaults)).toThrow(RangeError)
    expect(() => settleNumbers(given, defaults)).toThrow(`maxBytes is a whole number from 1 to`)
  })

  test('are zero only where that has a meaning', () => {
    expect(() => settleNumbers({ maxBytes: 0 }, defaults)).toThrow('from 1 to')
    expect(settleNumbers({ maxBytes: 0 }, defaults, ['maxBytes']).maxBytes).toBe(0)
  })

  test('are no longer than a timer can wait, if they are times', () => {
    expect(settleNumbers({ waitMs: 2 ** 31 - 1 }, defaults).waitMs).toBe(2 ** 31 - 1)
    expect(() => settleNumbers({ waitMs: 2 ** 31 }, defaults)).toThrow('waitMs')
    expect(settleNumbers({ maxBytes: 2 ** 31 }, defaults).maxBytes).toBe(2 ** 31)
  })
})

test('an option that is one of a few texts is one of them, by default the first', () => {
  const choices = ['fsync', 'os'] as const
  expect(settleChoice('durability', undefined, [...choices])).toBe('fsync')
  expect(settleChoice('durability', 'os', [...choices])).toBe('os')
  const typed = 'fync' as 'fsync'
  expect(() => settleChoice('durability', typed, [...choices])).toThrow('durability is fsync or os, not fync')
})
