import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ds, Running, scratchFolder, startDs } from './run-ds.test-kit.js'
import { startServerProcess, unusedPort } from './servers.test-kit.js'

describe('dev', () => {
  test('says where it is and tells of every request', async () => {
    const running = startDs(['dev', '--port', '0'])
    await running.until(({ stdout }) => stdout.includes('Ctrl-C'))
    const url = /http:\/\/localhost:\d+/.exec(running.output.stdout)![0]
    const env = { STREAM_URL: url }
    await ds(['create', 'hello', '--json'], { env })
    const reading = startDs(['read', 'hello', '--follow'], { env })
    await running.until(({ stderr }) => stderr.includes('live=sse'))
    await ds(['append', 'hello', '1'], { env })
    await reading.until(({ stdout }) => stdout === '1\n')
    running.process.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(code).toBe(0)
    expect(stderr).toMatch(/\d\d:\d\d:\d\d {2}201 {2}PUT {4}\/v1\/stream\/hello \([\d.]+ ms\)/)
    expect(stderr).toMatch(/204 {2}POST {3}\/v1\/stream\/hello/)
    expect(stderr).toMatch(/\.\.\. {2}GET {4}\/v1\/stream\/hello\?live=sse/)
  })
})

describe('serve', () => {
  test('keeps streams in a folder, over SIGTERM and kill -9', async () => {
    const folder = scratchFolder()
    const first = await startServerProcess(folder)
    await ds(['append', 'kept', 'a', '--create', '-u', first.url])
    first.running.process.kill('SIGTERM')
    expect((await first.running.ended).code).toBe(0)
    const second = await startServerProcess(folder)
    await ds(['append', 'kept', 'b', '-u', second.url])
    second.running.process.kill('SIGKILL')
    await second.running.ended
    const third = await startServerProcess(folder)
    expect((await ds(['read', 'kept', '-u', third.url])).stdout).toBe('ab')
  })

  test('a taken port is told', async () => {
    const { url } = await startServerProcess(scratchFolder())
    const { code, stderr } = await ds(['serve', '--store', 'memory', '--port', new URL(url).port])
    expect(code).toBe(1)
    expect(stderr).toContain('is taken')
  })

  test('a Redis that is not there is told', async () => {
    const { code, stderr } = await ds([
      'ls',
      '--store',
      `redis://127.0.0.1:${await unusedPort()}`,
      '--timeout',
      '1s',
    ])
    expect(code).toBe(3)
    expect(stderr).toContain('is Redis running there')
  })
})

describe('ls and fsck', () => {
  test('tell what a data directory holds, and whether it is sound', async () => {
    const folder = scratchFolder()
    const { url, running } = await startServerProcess(folder)
    for (const name of ['b', 'a/1', 'a/2']) await ds(['append', name, 'hello', '--create', '-u', url])
    await ds(['close', 'b', '-u', url])
    const busy = await ds(['ls', '--dir', folder])
    expect(busy.code).toBe(1)
    expect(busy.stderr).toContain('open')
    running.process.kill('SIGTERM')
    await running.ended
    expect((await ds(['ls', '--dir', folder])).stdout).toBe('a/1\na/2\nb\n')
    expect((await ds(['ls', 'a/', '--dir', folder])).stdout).toBe('a/1\na/2\n')
    expect((await ds(['ls', 'b', '--long', '--dir', folder])).stdout).toMatch(/5 B {2}closed .* b\n/)
    const json = await ds(['ls', 'b', '-o', 'json', '--dir', folder])
    expect(JSON.parse(json.stdout)).toMatchObject({ name: 'b', bytes: 5, closed: true })
    expect(await ds(['fsck', folder])).toMatchObject({ code: 0 })
    damage(folder)
    const damaged = await ds(['fsck', folder, '-o', 'json'])
    expect(damaged.code).toBe(1)
    expect((JSON.parse(damaged.stdout) as { problems: string[] }).problems.length).toBeGreaterThan(0)
  })

  test('a folder that is no data directory stays as it is', async () => {
    const folder = scratchFolder()
    for (const command of [['ls', '--dir', folder], ['fsck', folder]]) {
      expect((await ds(command)).code).toBe(4)
    } // prettier-ignore
    expect(readdirSync(folder)).toEqual([])
  })

  test('serve and ls work on Redis', async () => {
    const redis = await startRedis()
    const running = startDs(['serve', '--store', redis, '--port', '0', '-o', 'json'])
    await running.until(({ stdout }) => stdout.includes('\n'))
    const { url, store } = JSON.parse(running.output.stdout) as { url: string; store: string }
    expect(store).toBe('redis')
    await ds(['append', 'in-redis', 'x', '--create', '-u', url])
    expect((await ds(['ls', '--store', redis])).stdout).toBe('in-redis\n')
    expect((await ds(['read', 'in-redis', '-u', url])).stdout).toBe('x')
  })
})

/** Turns a bit in every file that holds data. */
function damage(folder: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name)
    const bytes = readFileSync(file)
    if (name === 'FORMAT' || bytes.length < 64) continue
    for (let at = 40; at < Math.min(bytes.length, 600); at += 50) bytes[at]! ^= 1
    writeFileSync(file, bytes)
  }
}

async function startRedis(): Promise<string> {
  try {
    execFileSync('redis-server', ['--version'])
  } catch {
    throw new Error('this test needs redis-server 7 or later (Debian: apt-get install redis-server)')
  }
  const folder = mkdtempSync(join(tmpdir(), 'ds-cli-redis-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const port = await unusedPort()
  const running = new Running('redis-server', [
    '--port',
    String(port),
    '--dir',
    folder,
    '--bind',
    '127.0.0.1',
  ])
  await running.until(({ stdout }) => stdout.includes('Ready to accept connections'))
  return `redis://127.0.0.1:${port}`
}
