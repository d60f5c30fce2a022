import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64Length, writeBase64 } from './base64.js'
import { joinBytes, takeBytes, totalLength } from './bytes.js'
import { splitsOf } from '../../test/byte-arbitraries.js'

const split = fc
  .uint8Array({ maxLength: 40 })
  .chain((bytes) => fc.record({ bytes: fc.constant(bytes), pieces: splitsOf(bytes) }))

describe('pieces of bytes', () => {
  it('join to what they were cut from', () => {
    fc.assert(
      fc.property(split, ({ bytes, pieces }) => {
        expect(totalLength(pieces)).toBe(bytes.length)
        expect([...joinBytes(pieces)]).toEqual([...bytes])
      }),
    )
  })

  it('give up their first bytes, however they are cut', () => {
    fc.assert(
      fc.property(split, fc.nat({ max: 50 }), ({ bytes, pieces }, length) => {
        const taken = takeBytes(pieces, length)
        expect([...joinBytes([...taken, new Uint8Array(0)])]).toEqual([...bytes.subarray(0, length)])
      }),
    )
  })
})

describe('base64', () => {
  it('is what Buffer writes, at any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 5 }), (bytes, at) => {
        const target = new Uint8Array(at + base64Length(bytes.length) + 1).fill(0x2e)
        const end = writeBase64(bytes, target, at)
        expect(end).toBe(at + base64Length(bytes.length))
        const expected = `${'.'.repeat(at)}${Buffer.from(bytes).toString('base64')}.`
        expect(Buffer.from(target).toString('latin1')).toBe(expected)
      }),
    )
  })

  it('has every character of the alphabet', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const target = new Uint8Array(base64Length(256))
    writeBase64(bytes, target, 0)
    expect(Buffer.from(target).toString('latin1')).toBe(Buffer.from(bytes).toString('base64'))
  })
})
