const ALPHABET = new Uint8Array(64)
for (let i = 0; i < 64; i++) {
  ALPHABET[i] = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)
}
const PADDING = 0x3d

/** The length of `byteLength` bytes in base64 with padding. */
export function base64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4
}

/** Writes bytes as base64 (RFC 4648 §4, with padding) into `target` from `at`; returns the position after it. */
export function writeBase64(bytes: Uint8Array, target: Uint8Array, at: number): number {
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const triple = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    target[at++] = ALPHABET[triple >> 18]!
    target[at++] = ALPHABET[(triple >> 12) & 63]!
    target[at++] = ALPHABET[(triple >> 6) & 63]!
    target[at++] = ALPHABET[triple & 63]!
  }
  const left = bytes.length - i
  if (left === 0) return at
  const last = (bytes[i]! << 16) | ((left === 2 ? bytes[i + 1]! : 0) << 8)
  target[at++] = ALPHABET[last >> 18]!
  target[at++] = ALPHABET[(last >> 12) & 63]!
  target[at++] = left === 2 ? ALPHABET[(last >> 6) & 63]! : PADDING
  target[at++] = PADDING
  return at
}
