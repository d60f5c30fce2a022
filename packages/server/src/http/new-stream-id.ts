import type { StreamId } from '@ds/core'

const ID_LENGTH = 16
/** The characters of ids, by their codes: digits, then letters up to v. */
const CODES = Uint8Array.from('0123456789abcdefghijklmnopqrstuv', (character) => character.charCodeAt(0))
/** Random bytes are fetched for many ids at once, because each call of the cryptographic source is dear. */
const pool = new Uint8Array(ID_LENGTH * 256)
let used = pool.length

/**
 * Sixteen random characters, 80 bits, from the runtime's cryptographic source. Made in one piece: an id put together
 * from characters would stay a chain of strings, which every offset made with it would have to follow.
 */
export function newStreamId(): StreamId {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    for (let i = 0; i < pool.length; i++) pool[i] = CODES[pool[i]! & 31]!
    used = 0
  }
  const id = String.fromCharCode(...pool.subarray(used, used + ID_LENGTH))
  used += ID_LENGTH
  return id as StreamId
}
