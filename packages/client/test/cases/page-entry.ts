import { runCases } from './run-cases.js'

/** A page: the driver calls it. */
Object.assign(globalThis, { runCases })
