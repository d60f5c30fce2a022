import { expect, test } from 'vitest'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'tsup'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const INDEX = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** Bytes of what a bundler makes of an import, minified and compressed. */
async function sizeOf(names: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ds-client-size-'))
  try {
    const entry = join(folder, 'entry.ts')
    writeFileSync(entry, `export { ${names} } from '${INDEX}'`)
    await build({
      entry: [entry],
      outDir: folder,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      treeshake: true,
      outExtension: () => ({ js: '.mjs' }),
      config: false,
      silent: true,
      dts: false,
      clean: false,
    })
    return gzipSync(readFileSync(join(folder, 'entry.mjs')), { level: 9 }).length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('reading costs less than 12 KB', async () => {
  const bytes = await sizeOf('stream')
  console.info(`stream: ${bytes} bytes, minified and compressed`)
  expect(bytes).toBeLessThan(12_000)
})

test('writing costs less than 18 KB together with reading', async () => {
  const handle = await sizeOf('DurableStream')
  const both = await sizeOf('DurableStream, IdempotentProducer')
  console.info(`DurableStream: ${handle} bytes; with IdempotentProducer: ${both} bytes`)
  expect(both).toBeLessThan(18_000)
})

test('what is not imported is left out', async () => {
  expect(await sizeOf('BackoffDefaults')).toBeLessThan(300)
  expect(await sizeOf('FetchError')).toBeLessThan(2_000)
})
