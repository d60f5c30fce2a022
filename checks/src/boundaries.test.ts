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
  /** What it may import types from, besides. */
  readonly mayTypes?: readonly RegExp[]
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
  { folder: 'packages/server/src/subscriptions', may: [/^@ds\/core$/, /^ipaddr\.js$/] },
  { folder: 'packages/server/src/node', may: [/^@ds\/core$/, BUILT_IN] },
  {
    folder: 'packages/server/src/standalone',
    may: [/^@ds\/core$/, /^@ds\/store-/, /^@hono\/node-server$/, BUILT_IN],
  },
  { folder: 'conformance/src', may: [/^commander$/, BUILT_IN], mayTypes: [/^@ds\/core$/] },
]

describe('imports stay within their boundaries', () => {
  test.each(BOUNDARIES)('$folder', ({ folder, may, mayTypes = [] }) => {
    const strays: string[] = []
    for (const file of sourcesOf(folder)) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      const onlyTypes = typeNamesIn(text)
      for (const name of namesIn(text)) {
        const allowed = onlyTypes.has(name) ? [...may, ...mayTypes] : may
        if (!name.startsWith('.') && !allowed.some((one) => one.test(name)))
          strays.push(`${file} imports ${name}`)
      }
    }
    expect(strays).toEqual([])
  })

  test('the check sees imports of all kinds', () => {
    const text = `import a from 'a'; import type { b } from 'b'; export * from 'c'; await import('d')`
    expect(namesIn(text)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('the check tells what is imported for its types alone', () => {
    const text = `import type { a } from 'a'; export type { b } from 'b'; import { type c } from 'c'
      import type { d } from 'd'; import { e } from 'd'; await import('a2')`
    expect([...typeNamesIn(text)]).toEqual(['a', 'b'])
  })
})

function sourcesOf(folder: string): string[] {
  const files = globSync('**/*.ts', { cwd: join(ROOT, folder), ignore: ['**/*.test.ts', '**/*.test-kit.ts'] })
  expect(files.length).toBeGreaterThan(0)
  return files.map((file) => join(folder, file))
}

function namesIn(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** What every import and export of a text takes types from, and nothing else. */
function typeNamesIn(text: string): Set<string> {
  const types = new Set<string>()
  const statements = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest).statements
  const values = new Set<string>()
  for (const statement of statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue
    if (statement.moduleSpecifier === undefined || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const isType = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly
    ;(isType ? types : values).add(statement.moduleSpecifier.text)
  }
  return new Set([...types].filter((name) => !values.has(name)))
}
