import { crc32 } from './crc32.js'

const BITS_PER_PATH = 10
const PROBES = 6

/** Makes a Bloom filter of paths from their hashes: of paths that are not in it, one in a hundred seems to be. */
export function makeFilter(hashes: readonly number[]): Uint8Array {
  const filter = new Uint8Array(Math.max(1, Math.ceil((hashes.length * BITS_PER_PATH) / 8)))
  for (const hash of hashes) {
    let probe = hash
    const step = stepOf(hash)
    for (let i = 0; i < PROBES; i++) {
      const bit = probe % (filter.length * 8)
      filter[bit >>> 3]! |= 1 << (bit & 7)
      probe = (probe + step) >>> 0
    }
  }
  return filter
}

/** The hash of the path that is `bytes[from, to)`. */
export function hashPath(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  return crc32(bytes, 0, from, to)
}

/** False when the path of that hash is certainly not in the filter. */
export function mayContain(filter: Uint8Array, hash: number): boolean {
  let probe = hash
  const step = stepOf(hash)
  for (let i = 0; i < PROBES; i++) {
    const bit = probe % (filter.length * 8)
    if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
    probe = (probe + step) >>> 0
  }
  return true
}

/** A second hash from the first, odd so that probes do not meet. */
function stepOf(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) | 1) >>> 0
}
