import type { Random } from './random.js'
import type { Runtime } from '../src/open-store.js'

/** A runtime whose time and chance belong to a simulation. */
export function simulatedRuntime(random: Random, now: () => number = () => 0): Runtime {
  return { now, defer: (run) => void setImmediate(run), newSalt: () => random.below(2 ** 32) }
}
