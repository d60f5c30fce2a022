import type { Arbitrary } from 'fast-check'
import fc from 'fast-check'

/** Well-formed text with many line breaks, spaces, byte order marks and long characters. */
export const awkwardText: Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        ' ',
        '  ',
        '\ufeff',
        ':',
        'data:',
        'ä',
        '€',
        '😀',
        '\0',
        '\u2028',
        '\x85',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

/** Bytes that are often nearly UTF-8: pieces of characters, and what is forbidden. */
export const nearlyUtf8: Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'ä', '€', '😀', '\ufeff').map((text) => [...new TextEncoder().encode(text)]),
      fc
        .constantFrom(
          0x00,
          0x7f,
          0x80,
          0x8f,
          0x90,
          0x9f,
          0xa0,
          0xbf,
          0xc0,
          0xc1,
          0xc2,
          0xdf,
          0xe0,
          0xed,
          0xef,
          0xf0,
          0xf4,
          0xf5,
          0xff,
        )
        .map((byte) => [byte]),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

/** Some bytes cut into pieces, empty ones among them. */
export function splitsOf(bytes: Uint8Array): Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }).map((cuts) => {
    const ends = [0, ...cuts, bytes.length].sort((a, b) => a - b)
    return ends.slice(1).map((end, i) => bytes.subarray(ends[i], end))
  })
}
