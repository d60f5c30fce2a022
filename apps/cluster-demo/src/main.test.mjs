import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url))

test('the demo runs by itself: three nodes, a cache, and a node that is killed', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--check'], { timeout: 50_000 })
  expect(stdout).toContain('each once and in order')
  expect(stdout.trim().split('\n').at(-1)).toBe('ok')
}, 60_000)

test('it ends with everything that it has started, also in the middle', async () => {
  const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    const before = output
    output += chunk
    if (!before.includes('appended 3') && output.includes('appended 3')) child.kill('SIGINT')
  })
  child.stderr.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'exit')
  expect(output).toContain('stopped')
  expect(code).toBe(0)
  for (const [, url] of output.matchAll(/^(?:node|nginx) +(http:\S+)$/gm)) {
    await expect(fetch(url)).rejects.toThrow()
  }
}, 60_000)
