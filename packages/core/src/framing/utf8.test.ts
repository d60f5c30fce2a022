import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { incompleteUtf8Tail, utf8SequenceLength } from './utf8.js'
import { nearlyUtf8 } from '../../test/byte-arbitraries.js'

const bytesLike = fc.oneof(nearlyUtf8, fc.uint8Array({ maxLength: 6 }))

function isValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Whether some bytes behind these could make them valid. */
function canBecomeValid(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    decoder.decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

function walks(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const length = utf8SequenceLength(bytes, at)
    if (length === 0) return false
    at += length
  }
  return true
}

describe('the length of a UTF-8 sequence', () => {
  it('accepts exactly what a fatal TextDecoder accepts', () => {
    fc.assert(
      fc.property(bytesLike, (bytes) => {
        expect(walks(bytes)).toBe(isValid(bytes))
      }),
      { numRuns: 3000 },
    )
  })

  it('agrees with the decoder on every pair of first bytes', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const bytes = Uint8Array.of(first, second, 0x80, 0x80)
        const length = utf8SequenceLength(bytes, 0)
        const expected = [1, 2, 3, 4].find((n) => isValid(bytes.subarray(0, n))) ?? 0
        if (length !== expected)
          expect.fail(`${first.toString(16)} ${second.toString(16)}: ${length}, not ${expected}`)
      }
    }
  })
})

describe('an unfinished UTF-8 sequence at the end', () => {
  it('is exactly what a streaming decoder would keep back, when everything before it is valid', () => {
    fc.assert(
      fc.property(bytesLike, (bytes) => {
        const kept = incompleteUtf8Tail(bytes)
        const longest = [3, 2, 1].find(
          (n) =>
            n <= bytes.length &&
            !isValid(bytes.subarray(bytes.length - n)) &&
            (bytes[bytes.length - n]! & 0xc0) !== 0x80 &&
            canBecomeValid(bytes.subarray(bytes.length - n)) &&
            !walks(bytes.subarray(bytes.length - n)) &&
            utf8SequenceLength(bytes, bytes.length - n) === 0,
        )
        expect(kept).toBe(longest ?? 0)
      }),
      { numRuns: 3000 },
    )
  })

  it('makes every cut of a valid text fall between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, seed) => {
        const bytes = new TextEncoder().encode(text)
        const part = bytes.subarray(0, seed % (bytes.length + 1))
        expect(isValid(part.subarray(0, part.length - incompleteUtf8Tail(part)))).toBe(true)
      }),
    )
  })

  it('is nothing when no byte could complete it', () => {
    for (const bytes of [
      [],
      [0x80],
      [0xc0],
      [0xc1],
      [0xf5],
      [0xff],
      [0xe0, 0x80],
      [0xed, 0xa0],
      [0xf0, 0x80],
      [0xf4, 0x90],
      [0x80, 0x80, 0x80],
    ]) {
      expect(incompleteUtf8Tail(Uint8Array.from(bytes))).toBe(0)
    }
  })
})
