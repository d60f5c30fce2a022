/** Cursors count intervals of 20 s since 2024-10-09T00:00:00Z. @see PROTOCOL §10.1 */
export const CURSOR_INTERVAL_MS = 20_000
const CURSOR_EPOCH_MS = 1_728_432_000_000
const MAX_JITTER_SECONDS = 3600
const DIGITS = /^\d{1,15}$/

/** Reads a `cursor` parameter; null for anything but digits, which is then as if it were absent. */
export function parseCursor(text: string): number | null {
  return DIGITS.test(text) ? Number(text) : null
}

/** The cursor of this moment. */
export function currentCursor(nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - CURSOR_EPOCH_MS) / CURSOR_INTERVAL_MS))
}

/**
 * The cursor to answer with: the current interval, or, when the client already holds that one or a later one,
 * a strictly greater value, so that no cache can answer the same request twice in a row.
 *
 * @param echoed the cursor that the client sent, null when it sent none
 * @param random a number in [0, 1) that chooses the jitter of 1 to 3600 s
 */
export function nextCursor(nowMs: number, echoed: number | null, random: number): number {
  const current = currentCursor(nowMs)
  if (echoed === null || echoed < current) return current
  const jitterMs = (1 + Math.floor(random * MAX_JITTER_SECONDS)) * 1000
  return echoed + Math.max(1, Math.floor(jitterMs / CURSOR_INTERVAL_MS))
}
