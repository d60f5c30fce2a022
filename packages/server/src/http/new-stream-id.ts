import type { StreamId } from '@ds/core'

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
const ID_LENGTH = 16
/** Random bytes are fetched for many ids at once, because each call of the cryptographic source is dear. */
const pool = new Uint8Array(ID_LENGTH * 256)
let used = pool.length

/** Sixteen random characters, 80 bits, from the runtime's cryptographic source. */
export function newStreamId(): StreamId {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  let id = ''
  for (const byte of pool.subarray(used, used + ID_LENGTH)) id += ALPHABET[byte & 31]!
  used += ID_LENGTH
  return id as StreamId
}
