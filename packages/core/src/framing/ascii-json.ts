import { asciiBytes, joinBytes } from './bytes.js'

/** How many bytes become characters in one call; more arguments would overflow the stack. */
const CALL_BYTES = 8_192

/** A value as JSON in ASCII, in which every other character is written as an escape sequence. */
export function encodeAsciiJson(value: unknown): Uint8Array {
  return asciiBytes(toAsciiJson(value))
}

export function toAsciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The text of bytes that are known to be ASCII. */
export function asciiText(pieces: readonly Uint8Array[]): string {
  const bytes = joinBytes(pieces)
  let text = ''
  for (let i = 0; i < bytes.length; i += CALL_BYTES)
    text += String.fromCharCode(...bytes.subarray(i, i + CALL_BYTES))
  return text
}
