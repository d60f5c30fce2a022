import { createRequire, isBuiltin } from 'node:module'
import { describe, expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'

const ENTRY = fileURLToPath(new URL('../dist/hono.js', import.meta.url))
const IMPORT =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"']+)["']|\b(?:import|require)\s*\(?\s*["']([^"']+)["']/g
const COMMENT = /\/\*[^]*?\*\//g
/** What only Node has, and a bundler for other runtimes would have to make up. */
const NODE_GLOBALS = /\b(?:Buffer|process|setImmediate|__dirname|global)\b(?=[.([])/
/** Packages that are looked into; Hono itself is known to run everywhere. */
const FOLLOWED = ['@ds/core', 'content-type', 'negotiator']

/** What the modules that an entry loads import, by their files. */
function load(file: string, loaded = new Map<string, readonly string[]>()): Map<string, readonly string[]> {
  if (loaded.has(file)) return loaded
  const text = readFileSync(file, 'utf8').replace(COMMENT, '')
  const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!)
  loaded.set(file, specifiers)
  for (const specifier of specifiers) {
    if (specifier.startsWith('.') || FOLLOWED.includes(specifier)) load(resolveFrom(file, specifier), loaded)
  }
  return loaded
}

function resolveFrom(file: string, specifier: string): string {
  if (specifier === '@ds/core') return fileURLToPath(new URL('../../core/dist/index.js', import.meta.url))
  return createRequire(file).resolve(specifier)
}

describe('the Hono entry', () => {
  const modules = load(ENTRY)

  test('it imports nothing but Hono, the core and parsers of headers, and nowhere a module of Node', () => {
    const packages = new Set([...modules.values()].flat().filter((specifier) => !specifier.startsWith('.')))
    expect([...packages].sort()).toEqual(['@ds/core', 'content-type', 'hono', 'hono/route', 'negotiator'])
    expect([...packages].filter((name) => isBuiltin(name))).toEqual([])
  })

  test('its own files use none of the globals that only Node has', () => {
    for (const file of modules.keys()) expect(readFileSync(file, 'utf8')).not.toMatch(NODE_GLOBALS)
  })

  test('it exports what a host application needs', async () => {
    const entry = (await import(ENTRY)) as object
    expect(Object.keys(entry).sort()).toEqual([
      'StreamHandler',
      'createHonoApp',
      'mountHandler',
      'webRuntime',
    ])
  })
})
