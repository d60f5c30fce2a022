import { chunkCount, chunkRanges } from './chunk-layout.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const position = fc.oneof(fc.nat({ max: 10_000 }), fc.nat({ max: 5_000_000 }), fc.nat({ max: 2 ** 31 - 1 }))

describe('chunks', () => {
  it('hold every byte once, in order, and are full before the next one begins', () => {
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 3_000_000 }), (from, length) => {
        const ranges = chunkRanges(from, length)
        expect(ranges.reduce((sum, range) => sum + range.length, 0)).toBe(length)
        ranges.forEach((range, i) => {
          expect(range.length).toBeGreaterThan(0)
          if (i > 0) expect(range).toMatchObject({ index: ranges[i - 1]!.index + 1, offset: 0 })
          if (i < ranges.length - 1) expect(range.fills).toBe(true)
        })
        expect(chunkCount(from + length)).toBe(ranges.at(-1)!.index + 1)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are the same whether bytes come at once or one after the other', () => {
    fc.assert(
      fc.property(
        position,
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat({ max: 99_999 }),
        (from, length, cut) => {
          const at = cut % length
          const whole = chunkRanges(from, length)
          const parts = [...(at === 0 ? [] : chunkRanges(from, at)), ...chunkRanges(from + at, length - at)]
          const bytes = (ranges: typeof whole): number[][] =>
            ranges.map((range) => [range.index, range.offset, range.offset + range.length])
          const joined: number[][] = []
          for (const [index, start, end] of bytes(parts) as [number, number, number][]) {
            const last = joined.at(-1)
            if (last?.[0] === index && last[2] === start) last[2] = end
            else joined.push([index, start, end])
          }
          expect(joined).toEqual(bytes(whole))
        },
      ),
    )
  })

  it('are never larger than half a megabyte, nor than a fourth of what comes before beside the first ones', () => {
    let at = 0
    for (let index = 0; index < 200; index++) {
      const [range] = chunkRanges(at, 1 << 20)
      expect(range).toMatchObject({ index, offset: 0, fills: true })
      expect(range!.length).toBeLessThanOrEqual(512 << 10)
      if (index >= 8) expect(range!.length).toBeLessThanOrEqual(at / 3.9)
      at += range!.length
    }
    expect(at).toBeGreaterThan(80 << 20)
  })

  it('are none for no bytes', () => {
    expect(chunkRanges(7, 0)).toEqual([])
    expect(chunkCount(0)).toBe(0)
  })
})
