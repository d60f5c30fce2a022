import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bash, Running, scratchFolder, type RunResult } from './run-ds.test-kit.js'
import { startTestServer, type TestServer } from './servers.test-kit.js'

/** A block of code, and what the text block after it says that it prints; null if there is none. */
interface Example {
  readonly language: string
  readonly code: string
  readonly expected: string | null
}

const ROOT = new URL('../../../', import.meta.url)
const BLOCK = /(<!-- not run: [^>]+-->\s*)?```(sh|js)\n([\s\S]*?)```(?:\s*```text\n([\s\S]*?)```)?/g
const PORT = 4437

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

describe.each(['docs/getting-started.md', 'docs/cli.md'])('%s', (file) => {
  const text = readFileSync(new URL(file, ROOT), 'utf8')

  test('what it shows can be run as it stands, and prints what it says', async () => {
    const folder = scratchFolder()
    symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'))
    const examples = examplesIn(text)
    expect(examples.length).toBeGreaterThan(5)
    for (const example of examples) {
      const { code, stdout, stderr } = await run(example, folder)
      expect({ code, example: example.code, stderr: code === 0 ? '' : stderr }).toEqual({
        code: 0,
        example: example.code,
        stderr: '',
      })
      if (example.expected !== null) expect(stdout).toMatch(patternOf(example.expected))
    }
  }, 120_000)

  test('every command that it names exists', () => {
    const named = [...text.matchAll(/(?:^|[`| ])(?:ds|@ds\/cli) ([a-z]+)/gm)].map(([, command]) => command!)
    const known =
      /^(dev|serve|create|append|read|head|close|delete|fork|ls|fsck|bench|doctor|completion|help)$/
    expect(named.filter((command) => !known.test(command))).toEqual([])
  })
})

/** All blocks that are to be run. What is not says why, in a comment before it. */
function examplesIn(text: string): Example[] {
  return [...text.matchAll(BLOCK)]
    .filter(([, reason]) => reason === undefined)
    .map(([, , language, code, expected]) => ({
      language: language!,
      code: code!,
      expected: expected ?? null,
    }))
}

/** Runs an example against the server of this test instead of the one on the usual port. */
async function run({ language, code }: Example, cwd: string): Promise<RunResult> {
  const port = new URL(server.url).port
  const here = code.replaceAll(`localhost:${PORT}`, `localhost:${port}`)
  if (language === 'sh') return bash(here, { cwd })
  const file = join(cwd, 'example.mjs')
  writeFileSync(file, here)
  const running = new Running(process.execPath, [file], { cwd })
  running.process.stdin!.end()
  return running.ended
}

/** `...` stands for anything, but in the middle of a line for anything in it. */
function patternOf(expected: string): RegExp {
  const escaped = expected
    .trimEnd()
    .replaceAll(`localhost:${PORT}`, `localhost:${new URL(server.url).port}`)
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const anything = escaped.replace(/^\\\.\\\.\\\.$/gm, String.raw`[\s\S]*?`)
  return new RegExp(anything.replaceAll(String.raw`\.\.\.`, '.*'))
}
