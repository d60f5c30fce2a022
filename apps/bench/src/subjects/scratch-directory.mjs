import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A directory for a durable subject, inside the one that the parent removes when the run ends: a new one, or the one
 * of that name.
 */
export function makeScratchDirectory(name) {
  if (name === undefined) return mkdtempSync(join(process.env.DS_BENCH_SCRATCH, 'store-'))
  const directory = join(process.env.DS_BENCH_SCRATCH, name)
  mkdirSync(directory, { recursive: true })
  return directory
}
