import { FetchBackoffAbortError } from '../errors/durable-stream-error.js'

/** Time and chance, as the client sees them. Given by tests; everybody else has the system's. */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock, which moves on while a device sleeps. */
  now(): number
  /** A number from 0 to below 1, for jitter. */
  random(): number
  /** Calls back after a number of milliseconds; what it returns calls that off. */
  schedule(delayMs: number, callback: () => void): () => void
}

/** What timers of all runtimes can hold. */
const MAX_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
}

/** Waits; rejects with `FetchBackoffAbortError` when the signal is aborted first. */
export function waitFor(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      callOff()
      reject(new FetchBackoffAbortError(signal.reason))
    }
    const callOff = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
