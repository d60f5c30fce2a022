const DECIMAL = /^(?:0|[1-9]\d{0,15})$/
const DIGITS = /^\d{1,17}$/

/**
 * Reads a non-negative integer up to 2^53-1 in plain decimal notation, without sign, leading zeros, point or
 * exponent; null for anything else. @see PROTOCOL §5.1 (Stream-TTL)
 */
export function parseDecimal(text: string): number | null {
  if (!DECIMAL.test(text)) return null
  return safe(Number(text))
}

/** Like {@link parseDecimal}, but leading zeros are allowed. @see PROTOCOL §5.2.1 */
export function parseDigits(text: string): number | null {
  if (!DIGITS.test(text)) return null
  return safe(Number(text))
}

function safe(value: number): number | null {
  return Number.isSafeInteger(value) ? value : null
}
