import { crc32 as crc32Native } from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32 } from './crc32.js'

test('sums are those of zlib, whatever the length, and can be continued', () => {
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) & 255))
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
  for (const length of [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 767, 768, 769, 3000]) {
    const piece = bytes.subarray(0, length)
    expect(crc32(piece)).toBe(crc32Native(piece))
    const middle = length >> 1
    expect(crc32(bytes, crc32(bytes, 5, 0, middle), middle, length)).toBe(crc32(piece, 5))
  }
})
