import type { AddressInfo } from 'node:net'
import type { PublishedPackage } from './workspace.js'
import { RedisServer } from '../../packages/store-redis/test-kit/redis-server.mjs'
import { ROOT, publishedPackages } from './workspace.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
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

  test.skipIf(isCommandOnly(from))('has types that every kind of import resolves', async () => {
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
      const { stdout } = await runExample(published, project)
      expect(stdout).toContain(expectedOutput(published))
    },
    90_000,
  )
})

/** The packages are ESM only: that CommonJS of old resolvers cannot load them is known and meant. */
function isProblemForEsm(problem: { kind: string; resolutionKind?: string }): boolean {
  return problem.kind !== 'CJSResolvesToESM' && problem.resolutionKind !== 'node10'
}

/** Runs the first example as it stands; of a package that has only commands it is one for the shell. */
async function runExample(published: PublishedPackage, project: string): Promise<{ stdout: string }> {
  const name = join(project, published.name.replace(/\W+/g, '-'))
  if (!isCommandOnly(published.folder)) {
    writeFileSync(`${name}.mjs`, firstExample(published, /```(?:js|ts)\n([\s\S]*?)```/))
    const redis = published.name === '@ds/store-redis' ? await RedisServer.start() : null
    const env = { ...process.env, ...(redis === null ? {} : { REDIS_URL: redis.url }) }
    try {
      return await execute(process.execPath, [`${name}.mjs`], { cwd: project, timeout: 60_000, env })
    } finally {
      await redis?.stop()
    }
  }
  writeFileSync(`${name}.sh`, firstExample(published, /```sh\n([\s\S]*?)```/))
  const port = String(await freePort())
  const PATH = `${join(project, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`
  const env = { ...process.env, PATH, PORT: port, STREAM_URL: `http://localhost:${port}` }
  return execute('bash', [`${name}.sh`], { cwd: project, timeout: 60_000, env })
}

/** The first code block of a README. */
function firstExample(published: PublishedPackage, block: RegExp): string {
  const match = block.exec(readme(published))
  if (match === null) throw new Error(`${published.name} has no example in its README`)
  return match[1]!
}

/** What the README says that the example prints: the text block after it. */
function expectedOutput(published: PublishedPackage): string {
  const match = /```text\n([\s\S]*?)```/.exec(readme(published))
  if (match === null) throw new Error(`${published.name} does not say what its example prints`)
  return match[1]!.trim()
}

/** Whether a package has nothing that could be imported. */
function isCommandOnly(from: string): boolean {
  const { exports = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
    exports?: object
  }
  return !('.' in exports)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function readme({ folder: from }: PublishedPackage): string {
  return readFileSync(join(from, 'README.md'), 'utf8')
}
