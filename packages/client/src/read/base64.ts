const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The bytes of standard base64, line breaks left out; null if it is none. @see PROTOCOL §5.8 */
export function decodeBase64(text: string): Uint8Array | null {
  const digits = text.replace(/[\r\n]/g, '')
  if (digits.length % 4 !== 0) return null
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((digits.length / 4) * 3 - padding)
  let at = 0
  for (let i = 0; i < digits.length; i += 4) {
    let group = 0
    for (let j = i; j < i + 4; j++) {
      const isPadding = j >= digits.length - padding
      const value = isPadding ? 0 : valueOf(digits.charCodeAt(j))
      if (value < 0) return null
      group = (group << 6) | value
    }
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (group >> shift) & 0xff
  }
  return bytes
}

const VALUES = new Int8Array(128).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i

function valueOf(code: number): number {
  return code < 128 ? VALUES[code]! : -1
}
