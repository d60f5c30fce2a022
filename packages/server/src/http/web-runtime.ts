import type { Runtime } from './handler.js'
import { newStreamId } from './new-stream-id.js'
import { webCompressor } from './compression.js'

/** What every web-standard runtime has: Bun, Deno, Workers, and Node as well. */
export const webRuntime: Runtime = {
  environment: {
    now: () => Date.now(),
    schedule(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    defer: (run) => void setTimeout(run, 0),
    newStreamId,
  },
  compressor: webCompressor,
  random: () => Math.random(),
}
