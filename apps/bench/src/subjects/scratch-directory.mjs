import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'

/** A new directory for a durable subject, inside the one that the parent removes when the run ends. */
export function makeScratchDirectory() {
  return mkdtempSync(join(process.env.DS_BENCH_SCRATCH, 'store-'))
}
