import type { Clock } from '../environment/clock.js'

/** How long to wait between attempts, and how many there are. */
export interface BackoffOptions {
  /** Milliseconds before the first retry. */
  initialDelay: number
  /** The longest wait in milliseconds, unless the server asks for a longer one by `Retry-After`. */
  maxDelay: number
  /** What each wait is longer than the one before. */
  multiplier: number
  /** Called on each failed attempt. */
  onFailedAttempt?: () => void
  /** Writes each retry to the console. */
  debug?: boolean
  /**
   * Retries before giving up; `Infinity` for never. Without it a read that has begun never gives up, a producer's
   * batch gives up after about two minutes, and a request that somebody waits for after about three seconds.
   */
  maxRetries?: number
}

/** The back-off that is used unless told otherwise. */
export const BackoffDefaults: BackoffOptions = { initialDelay: 100, maxDelay: 30_000, multiplier: 2 }

/** Half of the wait is fixed and half is random, so that readers who lost one server do not come back at once. */
export function backoffDelay(attempt: number, options: BackoffOptions, clock: Clock): number {
  const full = Math.min(options.initialDelay * options.multiplier ** (attempt - 1), options.maxDelay)
  return full / 2 + (full / 2) * clock.random()
}

/** The longest `Retry-After` that is believed. */
const MAX_RETRY_AFTER_MS = 86_400_000

/** `Retry-After` in milliseconds, from seconds or an HTTP date; 0 without a usable value. */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number {
  if (value === null || value === undefined) return 0
  const text = value.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : 0
}
