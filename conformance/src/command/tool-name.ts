import { readFileSync } from 'node:fs'

/** Name and version of this package: its manifest lies above both `src/command` and `dist`. */
export const TOOL: { readonly name: string; readonly version: string } = {
  name: 'ds-conformance',
  version: readVersion(),
}

function readVersion(): string {
  for (const above of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(above, import.meta.url), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // The other of the two places.
    }
  }
  return 'unknown'
}
