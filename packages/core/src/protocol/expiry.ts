import { parseDecimal } from './decimal.js'

/**
 * When a stream ends by itself: never, after a window without reads and writes, or at a moment.
 * @see PROTOCOL §5.1 (Stream-TTL, Stream-Expires-At)
 */
export type Expiry =
  | { readonly kind: 'never' }
  | { readonly kind: 'ttl'; readonly seconds: number }
  | { readonly kind: 'at'; readonly atMs: number }

export const NEVER: Expiry = { kind: 'never' }

/** Longer windows would leave the range in which milliseconds are counted exactly. */
const MAX_TTL_SECONDS = 1_000_000_000_000
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Reads a `Stream-TTL`: 1 to 10^12 seconds; null for anything else, 0 included. */
export function parseTtl(text: string): number | null {
  const seconds = parseDecimal(text)
  return seconds === null || seconds === 0 || seconds > MAX_TTL_SECONDS ? null : seconds
}

/** Reads an RFC 3339 timestamp into milliseconds since 1970; null when it is none or names no real date. */
export function parseTimestamp(text: string): number | null {
  const match = RFC3339.exec(text)
  if (match === null) return null
  const part = (index: number): number => Number(match[index] ?? '0')
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  if (hour > 23 || minute > 59 || second > 59 || part(9) > 23 || part(10) > 59) return null
  // Not Date.UTC, which takes the years 0 to 99 for those of the twentieth century.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const offsetMs = (part(9) * 60 + part(10)) * 60_000 * (match[8] === '-' ? -1 : 1)
  return date.getTime() + fraction - offsetMs
}

/** Writes milliseconds since 1970 as an RFC 3339 timestamp in UTC. */
export function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString()
}

/** Whether two expiries are the same configuration. @see PROTOCOL §5.1 (idempotent creation) */
export function sameExpiry(a: Expiry, b: Expiry): boolean {
  switch (a.kind) {
    case 'never':
      return b.kind === 'never'
    case 'ttl':
      return b.kind === 'ttl' && a.seconds === b.seconds
    case 'at':
      return b.kind === 'at' && a.atMs === b.atMs
  }
}

/** The moment at which a stream that was last used at `touchedAt` expires; Infinity when it does not. */
export function deadlineOf(expiry: Expiry, touchedAt: number): number {
  switch (expiry.kind) {
    case 'never':
      return Infinity
    case 'ttl':
      return touchedAt + expiry.seconds * 1000
    case 'at':
      return expiry.atMs
  }
}
