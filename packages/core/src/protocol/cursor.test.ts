import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentCursor, nextCursor, parseCursor } from './cursor.js'

const EPOCH = Date.parse('2024-10-09T00:00:00Z')
const time = fc.integer({ min: EPOCH, max: EPOCH + 100 * 365 * 86_400_000 })
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('the cursor', () => {
  it('counts intervals of twenty seconds since 2024-10-09T00:00:00Z', () => {
    expect(currentCursor(EPOCH)).toBe(0)
    expect(currentCursor(EPOCH + 19_999)).toBe(0)
    expect(currentCursor(EPOCH + 20_000)).toBe(1)
    expect(currentCursor(Date.parse('2025-10-09T00:00:00Z'))).toBe((365 * 86_400) / 20)
  })

  it('is never negative, even on a clock that is wrong', () => {
    expect(currentCursor(0)).toBe(0)
    expect(nextCursor(0, 0, 0)).toBeGreaterThan(0)
  })

  it('is the current one for a client that sent none or an older one', () => {
    fc.assert(
      fc.property(time, fc.nat(), random, (now, age, chance) => {
        const current = currentCursor(now)
        expect(nextCursor(now, null, chance)).toBe(current)
        const older = current - 1 - age
        if (older >= 0) expect(nextCursor(now, older, chance)).toBe(current)
      }),
    )
  })

  it('is strictly greater than an echoed one, by one to 180 intervals', () => {
    fc.assert(
      fc.property(time, fc.nat({ max: 1_000_000 }), random, (now, ahead, chance) => {
        const echoed = currentCursor(now) + ahead
        const step = nextCursor(now, echoed, chance) - echoed
        expect(Number.isInteger(step)).toBe(true)
        expect(step).toBeGreaterThanOrEqual(1)
        expect(step).toBeLessThanOrEqual(180)
      }),
    )
  })

  it('uses the whole range of the jitter', () => {
    expect(nextCursor(EPOCH, 0, 0)).toBe(1)
    expect(nextCursor(EPOCH, 0, 1 - Number.EPSILON)).toBe(180)
    expect(nextCursor(EPOCH, 0, 0.5)).toBe(90)
  })

  it('grows however often it is echoed within one interval', () => {
    let cursor = nextCursor(EPOCH, null, 0)
    for (let i = 0; i < 1000; i++) {
      const next = nextCursor(EPOCH, cursor, (i % 10) / 10)
      expect(next).toBeGreaterThan(cursor)
      cursor = next
    }
  })

  it('is read from plain digits only, and anything else is as if absent', () => {
    expect(parseCursor('0')).toBe(0)
    expect(parseCursor('007')).toBe(7)
    expect(parseCursor('999999999999999')).toBe(999_999_999_999_999)
    for (const text of ['', ' 1', '1 ', '-1', '+1', '1e3', '0x1', '1.0', 'abc', '1\n', '1'.repeat(400)]) {
      expect(parseCursor(text)).toBeNull()
    }
  })

  it('stays a safe integer for the greatest cursor that is read', () => {
    const greatest = parseCursor('999999999999999')
    expect(nextCursor(EPOCH, greatest, 0.999)).toBeGreaterThan(greatest!)
  })
})
