import * as zlib from 'node:zlib'

/** Some versions of Node do not have it: 21, 22.0 and 22.1. */
const crc32Native = (zlib as { readonly crc32?: typeof zlib.crc32 }).crc32

/** The usual polynomial of zlib, its bits reversed. */
const POLYNOMIAL = 0xedb88320
/** From so many bytes on the call into native code is worth what it costs. */
const NATIVE_BYTES = 768

/** Sixteen tables of 256: table k tells what a byte does to the sum when k more bytes follow it. */
const TABLES = makeTables()
const [T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15] = TABLES as Tuple16<Int32Array>

type Tuple4<T> = [T, T, T, T]
type Tuple16<T> = [...Tuple4<T>, ...Tuple4<T>, ...Tuple4<T>, ...Tuple4<T>]

/**
 * The CRC-32 of `bytes[from, to)`, unsigned. `seed` is the sum of what came before, so sums can be continued. It runs
 * over everything that is written and read: over long pieces in native code, over short ones here.
 *
 * @param view a view of all of `bytes`, from those who have one at hand: making one takes as long as a short sum
 */
export function crc32(
  bytes: Uint8Array,
  seed = 0,
  from = 0,
  to: number = bytes.length,
  view: DataView | null = null,
): number {
  return crc32Native !== undefined && to - from >= NATIVE_BYTES
    ? crc32Native(bytes.subarray(from, to), seed)
    : crc32OfFew(bytes, seed, from, to, view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
}

function crc32OfFew(bytes: Uint8Array, seed: number, from: number, to: number, view: DataView): number {
  let crc = ~seed
  let i = from
  for (const end = to - 15; i < end; i += 16) {
    const a = crc ^ view.getInt32(i, true)
    const b = view.getInt32(i + 4, true)
    const c = view.getInt32(i + 8, true)
    const d = view.getInt32(i + 12, true)
    // What does not depend on the sum so far comes first.
    crc =
      T11[b & 255]! ^
      T10[(b >>> 8) & 255]! ^
      T9[(b >>> 16) & 255]! ^
      T8[b >>> 24]! ^
      (T7[c & 255]! ^ T6[(c >>> 8) & 255]! ^ T5[(c >>> 16) & 255]! ^ T4[c >>> 24]!) ^
      (T3[d & 255]! ^ T2[(d >>> 8) & 255]! ^ T1[(d >>> 16) & 255]! ^ T0[d >>> 24]!) ^
      (T15[a & 255]! ^ T14[(a >>> 8) & 255]! ^ T13[(a >>> 16) & 255]! ^ T12[a >>> 24]!)
  }
  for (const end = to - 3; i < end; i += 4) {
    const a = crc ^ view.getInt32(i, true)
    crc = T3[a & 255]! ^ T2[(a >>> 8) & 255]! ^ T1[(a >>> 16) & 255]! ^ T0[a >>> 24]!
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
  for (let k = 1; k < 16; k++) {
    const before = tables[k - 1]!
    tables.push(before.map((crc) => tables[0]![crc & 255]! ^ (crc >>> 8)))
  }
  return tables
}
