/** An UTF-16 unit takes at most so many bytes of UTF-8. */
export const UNIT_BYTES = 3
/** A unit of a text takes at most so many bytes as JSON. */
export const JSON_UNIT_BYTES = 6
/** What stands beside the name in what {@link writeLonger} writes takes at most so many bytes, whatever the numbers are. */
export const LONGER_BYTES = 80
const SHORT_TEXT = 128
const LOW_DIGITS = 1e8
const OPEN: Uint8Array = Buffer.from('["')
const AFTER_NAME: Uint8Array = Buffer.from('",')
const NULL: Uint8Array = Buffer.from('null')
const BEFORE_TAIL: Uint8Array = Buffer.from(',{"tail":')
const CLOSE: Uint8Array = Buffer.from('},0]')

/** Writes text as UTF-8 and returns where it ends. Short ASCII is written here, as calls into native code cost more. */
export function writeText(buffer: Buffer, text: string, at: number): number {
  if (text.length > SHORT_TEXT) return at + buffer.write(text, at)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return at + buffer.write(text, at)
    buffer[at + i] = unit
  }
  return at + text.length
}

/**
 * Writes `["name",touchedAt,{"tail":tail},0]`, which most commits are described by, without making the text first. Returns
 * where it ends; -1 if one of them is not what it mostly is, after which what was written has to be written over.
 */
export function writeLonger(
  buffer: Buffer,
  at: number,
  name: string,
  touchedAt: number | null,
  tail: number,
): number {
  let end = writePlain(buffer, name, writeBytes(buffer, OPEN, at))
  if (end < 0) return -1
  end = writeBytes(buffer, AFTER_NAME, end)
  end = touchedAt === null ? writeBytes(buffer, NULL, end) : writeDecimal(buffer, touchedAt, end)
  if (end < 0) return -1
  end = writeDecimal(buffer, tail, writeBytes(buffer, BEFORE_TAIL, end))
  return end < 0 ? -1 : writeBytes(buffer, CLOSE, end)
}

function writeBytes(buffer: Buffer, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i]!
  return at + bytes.length
}

/** Writes short text of letters, digits, `-` and `_`, which JSON has as they are; -1 for any other. */
function writePlain(buffer: Buffer, text: string, at: number): number {
  if (text.length > SHORT_TEXT) return -1
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const isLetter = (unit | 32) >= 97 && (unit | 32) <= 122
    if (!isLetter && !(unit >= 48 && unit <= 57) && unit !== 45 && unit !== 95) return -1
    buffer[at + i] = unit
  }
  return at + text.length
}

/** Writes a whole number from zero on in decimal digits; -1 for any other. */
function writeDecimal(buffer: Buffer, number: number, at: number): number {
  if (!Number.isSafeInteger(number) || number < 0) return -1
  if (number < LOW_DIGITS) return writeDigits(buffer, number, countDigits(number), at)
  const high = Math.floor(number / LOW_DIGITS)
  const end = writeDigits(buffer, high, countDigits(high), at)
  return writeDigits(buffer, number - high * LOW_DIGITS, 8, end)
}

/** @param number less than {@link LOW_DIGITS} */
function writeDigits(buffer: Buffer, number: number, count: number, at: number): number {
  let left = number | 0
  for (let i = at + count - 1; i >= at; i--) {
    const rest = (left / 10) | 0
    buffer[i] = 48 + left - rest * 10
    left = rest
  }
  return at + count
}

function countDigits(number: number): number {
  let count = 1
  for (let limit = 10; number >= limit; limit *= 10) count++
  return count
}
