import type { PublishedPackage } from './workspace.js'
import { ROOT, publishedPackages } from './workspace.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { tmpdir } from 'node:os'

const execute = promisify(execFile)
const packages = publishedPackages()
const folder = mkdtempSync(join(tmpdir(), 'ds-packaging-'))
const tarballs = new Map<string, string>()

beforeAll(async () => {
  for (const { name, folder: from } of packages) {
    await execute(join(ROOT, 'node_modules', '.bin', 'pnpm'), ['pack', '--pack-destination', folder], {
      cwd: from,
    })
    const prefix = `${name.replace('@', '').replace('/', '-')}-`
    tarballs.set(
      name,
      join(
        folder,
        readdirSync(folder).find((file) => file.startsWith(prefix))!,
      ),
    )
  }
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe.each(packages)('$name', ({ name, folder: from }) => {
  test('has a manifest that publint accepts', async () => {
    const { messages } = await publint({ pkgDir: from, strict: true, pack: false })
    expect(messages).toEqual([])
  })

  test('has types that every kind of import resolves', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(tarballs.get(name)!)))
    const problems = result.types === false ? ['no types'] : result.problems.filter(isProblemForEsm)
    expect(problems).toEqual([])
  })

  test('contains its licence, its README and no sources of tests', async () => {
    const { stdout } = await execute('tar', ['tzf', tarballs.get(name)!])
    const files = stdout.trim().split('\n')
    expect(files).toEqual(
      expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/package.json']),
    )
    expect(files.filter((file) => /test|\.tsbuildinfo|node_modules/.test(file))).toEqual([])
  })
})

describe('the packed packages in an empty project', () => {
  const project = join(folder, 'project')

  beforeAll(async () => {
    await execute('mkdir', [project])
    writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}')
    const files = [...tarballs.values()]
    await execute('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...files], {
      cwd: project,
    })
  }, 180_000)

  test.each(packages)(
    'run the example of the README of $name',
    async (published) => {
      const file = join(project, `${published.name.replace(/\W+/g, '-')}.mjs`)
      writeFileSync(file, firstExample(published))
      const { stdout } = await execute(process.execPath, [file], { cwd: project, timeout: 60_000 })
      expect(stdout).toContain(expectedOutput(published))
    },
    90_000,
  )
})

/** The packages are ESM only: that CommonJS of old resolvers cannot load them is known and meant. */
function isProblemForEsm(problem: { kind: string; resolutionKind?: string }): boolean {
  return problem.kind !== 'CJSResolvesToESM' && problem.resolutionKind !== 'node10'
}

/** The first code block of a README; it is run as it stands. */
function firstExample(published: PublishedPackage): string {
  const match = /```(?:js|ts)\n([\s\S]*?)```/.exec(readme(published))
  if (match === null) throw new Error(`${published.name} has no example in its README`)
  return match[1]!
}

/** What the README says that the example prints: the text block after it. */
function expectedOutput(published: PublishedPackage): string {
  const match = /```text\n([\s\S]*?)```/.exec(readme(published))
  if (match === null) throw new Error(`${published.name} does not say what its example prints`)
  return match[1]!.trim()
}

function readme({ folder: from }: PublishedPackage): string {
  return readFileSync(join(from, 'README.md'), 'utf8')
}
