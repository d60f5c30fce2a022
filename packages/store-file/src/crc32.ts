import * as zlib from 'node:zlib'

/** Some versions of Node do not have it: 21, 22.0 and 22.1. */
const crc32Native = (zlib as { readonly crc32?: typeof zlib.crc32 }).crc32

/** The usual polynomial of zlib, its bits reversed. */
const POLYNOMIAL = 0xedb88320
/** From so many bytes on the call into native code is worth what it costs. */
const NATIVE_BYTES = 768

/** Eight tables of 256: table k tells what a byte does to the sum when k more bytes follow it. */
const TABLES = makeTables()
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/**
 * The CRC-32 of `bytes[from, to)`, unsigned. `seed` is the sum of what came before, so sums can be continued. It runs
 * over everything that is written and read: over long pieces in native code, over short ones here.
 */
export function crc32(bytes: Uint8Array, seed = 0, from = 0, to: number = bytes.length): number {
  return crc32Native !== undefined && to - from >= NATIVE_BYTES
    ? crc32Native(bytes.subarray(from, to), seed)
    : crc32OfFew(bytes, seed, from, to)
}

function crc32OfFew(bytes: Uint8Array, seed: number, from: number, to: number): number {
  let crc = ~seed
  let i = from
  for (const end = to - 7; i < end; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      T7[crc & 255]! ^
      T6[(crc >>> 8) & 255]! ^
      T5[(crc >>> 16) & 255]! ^
      T4[crc >>> 24]! ^
      T3[bytes[i + 4]!]! ^
      T2[bytes[i + 5]!]! ^
      T1[bytes[i + 6]!]! ^
      T0[bytes[i + 7]!]!
  }
  for (; i < to; i++) crc = T0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function makeTables(): Int32Array[] {
  const tables = [new Int32Array(256)]
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[0]![byte] = crc
  }
  for (let k = 1; k < 8; k++) {
    const before = tables[k - 1]!
    tables.push(before.map((crc) => tables[0]![crc & 255]! ^ (crc >>> 8)))
  }
  return tables
}
