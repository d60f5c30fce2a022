import type { StreamId } from '@ds/core'

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/** Sixteen random characters, 80 bits, from the runtime's cryptographic source. */
export function newStreamId(): StreamId {
  const random = crypto.getRandomValues(new Uint8Array(16))
  let id = ''
  for (const byte of random) id += ALPHABET[byte & 31]!
  return id as StreamId
}
