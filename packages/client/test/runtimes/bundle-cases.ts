import { mkdtempSync, rmSync } from 'node:fs'
import { build } from 'tsup'
import { fileURLToPath } from 'node:url'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'

const CASES = fileURLToPath(new URL('../cases/', import.meta.url))

/** Bundles an entry of the cases with the client into one module without imports; gives the file. */
export async function bundleCases(entry: 'process-entry' | 'worker-entry' | 'page-entry'): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'ds-client-cases-'))
  await build({
    entry: [join(CASES, `${entry}.ts`)],
    outDir,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    noExternal: [/.*/],
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    silent: true,
    dts: false,
  })
  return join(outDir, `${entry}.mjs`)
}

/** Removes what `bundleCases` has made. */
export function removeBundle(file: string): void {
  rmSync(dirname(file), { recursive: true, force: true })
}
