/**
 * The length of the UTF-8 sequence that starts at `at`, 1 to 4; 0 when it is invalid or cut off. Overlong forms,
 * surrogates and values above U+10FFFF are invalid (RFC 3629 §4).
 */
export function utf8SequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const second = bytes[at + 1]
  if (second === undefined || !isSecondByte(lead, second)) return 0
  if (lead < 0xe0) return 2
  if (!isContinuation(bytes[at + 2])) return 0
  if (lead < 0xf0) return 3
  return isContinuation(bytes[at + 3]) ? 4 : 0
}

/**
 * How many bytes at the end, 0 to 3, begin a UTF-8 sequence that later bytes could still complete. A live text
 * read holds them back, so that a character appended in two halves is delivered whole.
 */
export function incompleteUtf8Tail(bytes: Uint8Array): number {
  const length = bytes.length
  for (let back = 1; back <= Math.min(3, length); back++) {
    const lead = bytes[length - back]!
    if (lead < 0x80) return 0
    if (lead < 0xc0) continue
    const expected = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    if (expected <= back) return 0
    return back === 1 || isSecondByte(lead, bytes[length - back + 1]!) ? back : 0
  }
  return 0
}

function isSecondByte(lead: number, second: number): boolean {
  if (!isContinuation(second)) return false
  if (lead === 0xe0) return second >= 0xa0
  if (lead === 0xed) return second < 0xa0
  if (lead === 0xf0) return second >= 0x90
  if (lead === 0xf4) return second < 0x90
  return true
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
