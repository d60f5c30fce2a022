import type { Clock } from '../../src/environment/clock.js'

/** A clock that runs `speed` times as fast as the system's, so that back-offs of seconds take milliseconds. */
export function fastClock(speed = 100): Clock {
  const start = Date.now()
  return {
    now: () => start + (performance.now() - origin) * speed,
    random: () => Math.random(),
    schedule: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs / speed)
      return () => clearTimeout(timer)
    },
  }
}

const origin = performance.now()
