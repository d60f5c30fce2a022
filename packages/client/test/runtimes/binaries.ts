import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const BIN = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

/** The command that an npm package of this name has installed. */
export function binaryOf(name: 'bun' | 'deno' | 'workerd'): string {
  return join(BIN, name)
}
