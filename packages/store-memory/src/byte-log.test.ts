import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteLog } from './byte-log.js'

const textOf = (pieces: readonly Uint8Array[]): string => Buffer.concat([...pieces]).toString('latin1')
const lengths = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 700 }), fc.constantFrom(0, 255, 256, 257, 512))

describe('a byte log', () => {
  it('gives back every range of what was appended, and what it gave does not change', () => {
    const script = fc.array(fc.tuple(lengths, fc.nat(), fc.nat({ max: 900 })), { maxLength: 20 })
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), script, (base, steps) => {
        const log = new ByteLog(base)
        const given: { readonly pieces: Uint8Array[]; readonly text: string }[] = []
        let all = ''
        for (const [length, seed, limit] of steps) {
          const piece = Buffer.from(Array.from({ length }, (_, i) => 97 + ((all.length + i) % 26)))
          all += piece.toString('latin1')
          log.append(piece)
          piece.fill(0)
          if (all.length === 0) continue
          const from = seed % all.length
          const pieces = log.read(base + from, limit + 1)
          const text = all.slice(from, from + limit + 1)
          expect(textOf(pieces)).toBe(text)
          expect(pieces.every((part) => part.length > 0)).toBe(true)
          given.push({ pieces, text })
        }
        for (const { pieces, text } of given) expect(textOf(pieces)).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('is not touched by what others append, though small ones share their room', () => {
    const appends = fc.array(fc.tuple(fc.nat({ max: 4 }), lengths), { maxLength: 60 })
    fc.assert(
      fc.property(appends, (steps) => {
        const logs = Array.from({ length: 5 }, () => ({ log: new ByteLog(0), text: '' }))
        steps.forEach(([index, length], step) => {
          const one = logs[index]!
          const piece = String.fromCharCode(33 + step).repeat(length)
          one.log.append(Buffer.from(piece))
          one.text += piece
        })
        for (const { log, text } of logs) expect(textOf(log.read(0, Infinity))).toBe(text)
      }),
    )
  })

  it('holds more than its largest block', () => {
    const log = new ByteLog(0)
    const megabyte = 1 << 20
    log.append(new Uint8Array(3 * megabyte + 5).fill(1))
    log.append(new Uint8Array(megabyte).fill(2))
    const pieces = log.read(3 * megabyte, 100)
    expect(textOf(pieces)).toBe('\x01'.repeat(5) + '\x02'.repeat(95))
    expect(Buffer.concat(log.read(0, Infinity))).toHaveLength(4 * megabyte + 5)
  })

  it('takes about as much memory as its bytes, however small the appends are', () => {
    const log = new ByteLog(0)
    for (let i = 0; i < 10_000; i++) log.append(Uint8Array.of(1))
    const buffers = new Set(log.read(0, Infinity).map(({ buffer }) => buffer))
    expect(buffers.size).toBeLessThan(20)
    expect([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(33_000)
  })

  it('has nothing at first', () => {
    expect(new ByteLog(5).read(5, 10)).toEqual([])
  })
})
