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

/** A hundred years: longer windows would leave the range of dates. */
const MAX_TTL_SECONDS = 3_153_600_000
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Reads a `Stream-TTL`: 1 to a hundred years, in seconds; null for anything else, 0 included. */
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
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  date.setUTCFullYear(year)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  const fraction = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000)
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
