import { expect, test } from 'vitest'
import { JSON_UNIT_BYTES, LONGER_BYTES, UNIT_BYTES, writeLonger, writeText } from './journal-text.js'

const NUMBERS = [0, 1, 9, 10, 99, 12_345_678, 99_999_999, 100_000_000, 100_000_001, 1_800_000_000_000]

function longer(name: string, touchedAt: number | null, tail: number): string | null {
  const buffer = Buffer.alloc(3 + name.length * JSON_UNIT_BYTES + LONGER_BYTES, '#')
  const end = writeLonger(buffer, 3, name, touchedAt, tail)
  return end < 0 ? null : buffer.toString('utf8', 3, end)
}

test.each([...NUMBERS, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  '%d is written as JSON has it',
  (n) => {
    expect(longer('Az-09_', n, n)).toBe(JSON.stringify(['Az-09_', n, { tail: n }, 0]))
    expect(longer('x'.repeat(64), null, n)).toBe(JSON.stringify(['x'.repeat(64), null, { tail: n }, 0]))
  },
)

test('random numbers are written as JSON has them', () => {
  for (let i = 0; i < 5000; i++) {
    const n = Math.floor(2 ** ((i / 5000) * 53) * (0.5 + ((i * 7919) % 997) / 2000))
    expect(longer('a', n, n)).toBe(JSON.stringify(['a', n, { tail: n }, 0]))
  }
})

test.each(['"', '\\', '\n', 'é', ' ', '[', '@', '`', '{', '/', ':', '\u007f'])(
  'a name with %j is left to others',
  (unit) => {
    expect(longer(`a${unit}`, 1, 1)).toBe(null)
  },
)

test.each([-1, 1.5, NaN, Infinity, 2 ** 53, -0.5])('%d is left to others', (n) => {
  expect(longer('a', n, 1)).toBe(null)
  expect(longer('a', 1, n)).toBe(null)
})

test('there is room for whatever is left to others', () => {
  const name = '\u0001'.repeat(64)
  const text = JSON.stringify([name, -Number.MAX_VALUE, { tail: -Number.MIN_VALUE }, 0])
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * JSON_UNIT_BYTES + LONGER_BYTES)
})

test('text is written as UTF-8, however long it is and whatever is in it', () => {
  for (const text of ['', 'abc', 'aé', '漢'.repeat(200), '😀', 'x'.repeat(129), 'a\u0000b', '\ud800']) {
    const buffer = Buffer.alloc(text.length * UNIT_BYTES + 1)
    expect(buffer.subarray(1, writeText(buffer, text, 1))).toEqual(Buffer.from(text))
  }
})
