import { ROOT } from './workspace.js'
import { describe, expect, test } from 'vitest'
import { globSync } from 'tinyglobby'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** What the sources of a folder may import besides their own files; tests may import more. */
interface Boundary {
  readonly folder: string
  readonly except?: string
  readonly may: readonly RegExp[]
}

const BUILT_IN = /^node:/

/** core <- stores, server <- ready-made servers, apps. Siblings do not know each other. */
const BOUNDARIES: readonly Boundary[] = [
  { folder: 'packages/core/src', may: [] },
  { folder: 'packages/store-memory/src', may: [/^@ds\/core$/] },
  { folder: 'packages/store-file/src', may: [/^@ds\/core$/, BUILT_IN] },
  { folder: 'packages/store-redis/src', may: [/^@ds\/core$/, /^ioredis$/, BUILT_IN] },
  { folder: 'packages/store-lmdb/src', may: [/^@ds\/core$/, /^lmdb$/, BUILT_IN] },
  { folder: 'packages/client/src', may: [] },
  { folder: 'packages/cli/src', may: [/^@ds\/(client|core|server|store-\w+)$/, /^commander$/, BUILT_IN] },
  { folder: 'packages/server/src/http', may: [/^@ds\/core$/, /^negotiator$/] },
  { folder: 'packages/server/src/hono', may: [/^@ds\/core$/, /^hono(\/|$)/] },
  { folder: 'packages/server/src/node', may: [/^@ds\/core$/, BUILT_IN] },
  {
    folder: 'packages/server/src/standalone',
    may: [/^@ds\/core$/, /^@ds\/store-/, /^@hono\/node-server$/, BUILT_IN],
  },
  { folder: 'conformance/src', may: [/^commander$/, BUILT_IN] },
]

describe('imports stay within their boundaries', () => {
  test.each(BOUNDARIES)('$folder', ({ folder, may }) => {
    const strays: string[] = []
    for (const file of sourcesOf(folder)) {
      for (const name of importsOf(file)) {
        if (!name.startsWith('.') && !may.some((allowed) => allowed.test(name)))
          strays.push(`${file} imports ${name}`)
      }
    }
    expect(strays).toEqual([])
  })

  test('the check sees imports of all kinds', () => {
    const text = `import a from 'a'; import type { b } from 'b'; export * from 'c'; await import('d')`
    expect(namesIn(text)).toEqual(['a', 'b', 'c', 'd'])
  })
})

function sourcesOf(folder: string): string[] {
  const files = globSync('**/*.ts', { cwd: join(ROOT, folder), ignore: ['**/*.test.ts', '**/*.test-kit.ts'] })
  expect(files.length).toBeGreaterThan(0)
  return files.map((file) => join(folder, file))
}

function importsOf(file: string): string[] {
  return namesIn(readFileSync(join(ROOT, file), 'utf8'))
}

function namesIn(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}
