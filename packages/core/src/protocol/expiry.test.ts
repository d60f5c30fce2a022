import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER, deadlineOf, formatTimestamp, parseTimestamp, parseTtl, sameExpiry } from './expiry.js'

describe('a Stream-TTL', () => {
  it.each([
    ['1', 1],
    ['60', 60],
    ['1000000000000', 1_000_000_000_000],
  ])('is accepted: %s', (text, seconds) => {
    expect(parseTtl(text)).toBe(seconds)
  })

  it.each([
    '',
    '0',
    '00',
    '01',
    '060',
    '+60',
    '-60',
    '60.0',
    '6e1',
    '0x10',
    ' 60',
    '60 ',
    '60s',
    '6_0',
    '٦',
    '1\n',
    '1000000000001',
    '9007199254740993',
    '1'.repeat(400),
    'NaN',
    'Infinity',
  ])('is refused: %j', (text) => {
    expect(parseTtl(text)).toBeNull()
  })
})

describe('a Stream-Expires-At', () => {
  it('agrees with Date.parse on every millisecond and every offset that both know', () => {
    const date = fc.date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9998-12-30T00:00:00Z'),
      noInvalidDate: true,
    })
    const offset = fc.tuple(fc.constantFrom('+', '-'), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
    const two = (n: number): string => String(n).padStart(2, '0')
    fc.assert(
      fc.property(date, offset, (when, [sign, hours, minutes]) => {
        const text = when.toISOString()
        expect(parseTimestamp(text)).toBe(when.getTime())
        const elsewhere = `${text.slice(0, -1)}${sign}${two(hours)}:${two(minutes)}`
        expect(parseTimestamp(elsewhere)).toBe(Date.parse(elsewhere))
        expect(parseTimestamp(formatTimestamp(when.getTime()))).toBe(when.getTime())
      }),
      { numRuns: 500 },
    )
  })

  it('reads every fraction of three digits as that many milliseconds', () => {
    for (let ms = 0; ms < 1000; ms++) {
      const digits = String(ms).padStart(3, '0')
      expect(parseTimestamp(`1970-01-01T00:00:00.${digits}Z`)).toBe(ms)
      expect(parseTimestamp(`1970-01-01T00:00:00.${digits}000000Z`)).toBe(ms)
      expect(parseTimestamp(`1970-01-01T00:00:00.${digits}999Z`)).toBe(ms)
    }
    expect(parseTimestamp('1970-01-01T00:00:00.5Z')).toBe(500)
    expect(parseTimestamp('1970-01-01T00:00:00.07Z')).toBe(70)
  })

  it('reads a fraction of any length, as RFC 3339 allows', () => {
    expect(parseTimestamp('1970-01-01T00:00:00.1234567891Z')).toBe(123)
    expect(parseTimestamp(`1970-01-01T00:00:00.${'9'.repeat(50)}Z`)).toBe(999)
  })

  it.each([
    ['2024-02-29T00:00:00Z', true],
    ['2023-02-29T00:00:00Z', false],
    ['2000-02-29T00:00:00Z', true],
    ['1900-02-29T00:00:00Z', false],
    ['2100-02-29T00:00:00Z', false],
    ['0004-02-29T00:00:00Z', true],
    ['0096-02-29T00:00:00Z', true],
    ['0001-02-29T00:00:00Z', false],
    ['0000-02-29T00:00:00Z', true],
    ['2024-02-30T00:00:00Z', false],
    ['2024-04-31T00:00:00Z', false],
    ['2024-00-10T00:00:00Z', false],
    ['2024-13-10T00:00:00Z', false],
    ['2024-01-00T00:00:00Z', false],
    ['2024-01-32T00:00:00Z', false],
    ['2024-01-01T24:00:00Z', false],
    ['2024-01-01T00:60:00Z', false],
    ['2024-01-01T00:00:61Z', false],
    ['2024-01-01T00:00:00+24:00', false],
    ['2024-01-01T00:00:00+00:60', false],
    ['2024-01-01T00:00:00+23:59', true],
    ['2024-01-01T00:00:00-00:00', true],
    ['2024-01-01t00:00:00z', true],
  ])('names a real moment or not: %s is %s', (text, isReal) => {
    expect(parseTimestamp(text) !== null).toBe(isReal)
  })

  it('keeps the first century in the first century', () => {
    for (const year of ['0000', '0001', '0050', '0099']) {
      expect(parseTimestamp(`${year}-06-15T12:00:00Z`)).toBe(Date.parse(`${year}-06-15T12:00:00.000Z`))
    }
  })

  it.each([
    '',
    'tomorrow',
    '2024-01-01',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00Z',
    '24-01-01T00:00:00Z',
    '12024-01-01T00:00:00Z',
    '+002024-01-01T00:00:00Z',
    '2024-1-1T00:00:00Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00,5Z',
    '2024-01-01T00:00:00+0000',
    '2024-01-01T00:00:00+00',
    '2024-01-01T00:00:00ZZ',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '1735689600',
    'Wed, 01 Jan 2025 00:00:00 GMT',
    '٢024-01-01T00:00:00Z',
  ])('is refused when it is no RFC 3339: %j', (text) => {
    expect(parseTimestamp(text)).toBeNull()
  })

  it('subtracts what is east of Greenwich', () => {
    expect(parseTimestamp('1970-01-01T01:00:00+01:00')).toBe(0)
    expect(parseTimestamp('1969-12-31T23:00:00-01:00')).toBe(0)
  })
})

describe('an expiry', () => {
  it('is the same only as one of the same kind and value', () => {
    const all = [
      NEVER,
      { kind: 'ttl', seconds: 1 },
      { kind: 'ttl', seconds: 2 },
      { kind: 'at', atMs: 1 },
      { kind: 'at', atMs: 2 },
    ] as const
    for (const a of all) for (const b of all) expect(sameExpiry(a, { ...b })).toBe(a === b)
  })

  it('slides with use only when it is a window', () => {
    expect(deadlineOf(NEVER, 5000)).toBe(Infinity)
    expect(deadlineOf({ kind: 'ttl', seconds: 3 }, 5000)).toBe(8000)
    expect(deadlineOf({ kind: 'at', atMs: 7000 }, 5000)).toBe(7000)
  })
})
