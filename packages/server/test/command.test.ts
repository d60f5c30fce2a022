import type { ChildProcess } from 'node:child_process'
import { RawConnection, formatRequest } from './support/raw-connection.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { spawn } from 'node:child_process'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface Run {
  readonly child: ChildProcess
  readonly output: () => { readonly out: string; readonly err: string }
  readonly exit: Promise<number | null>
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const { PATH = '' } = process.env
  const directory = mkdtempSync(join(tmpdir(), 'ds-server-'))
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, STREAMS_DIR: directory, ...env } })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, output: () => text, exit }
}

async function listening(started: Run): Promise<URL> {
  const found = (): string | undefined => /on (http:\S+)/.exec(started.output().out)?.[1]
  const exited = started.exit.then((code) => {
    throw new Error(`exited with ${code}: ${started.output().err}`)
  })
  exited.catch(() => undefined)
  while (found() === undefined) {
    await Promise.race([exited, new Promise((resolve) => started.child.stdout!.once('data', resolve))])
  }
  return new URL(found()!)
}

describe('the command', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in good order', async (signal) => {
    const started = run(['--port', '0'])
    const url = await listening(started)
    expect(url.hostname).toBe('127.0.0.1')
    expect(url.pathname).toBe('/v1/stream/')
    expect((await fetch(`${url.href}s`, { method: 'PUT', body: 'x' })).status).toBe(201)
    const reader = await RawConnection.open(Number(url.port))
    reader.send(formatRequest('GET', '/v1/stream/s?offset=-1&live=sse'))
    await reader.until(() => reader.liveText.includes('upToDate'), 'the first event')
    started.child.kill(signal)
    expect(await started.exit).toBe(0)
    await reader.closed
    expect(reader.hasEnded).toBe(true)
    expect(started.output().out).toContain(`${signal}: stopping`)
    expect(started.output().err).toBe('')
  })

  test('a second signal that is meant ends it at once', async () => {
    const started = run(['--port', '0', '--stop-timeout', '600000'])
    const url = await listening(started)
    expect((await fetch(`${url.href}s`, { method: 'PUT', body: 'x' })).status).toBe(201)
    const stuck = await RawConnection.open(Number(url.port))
    stuck.send(formatRequest('POST', '/v1/stream/s', { 'Content-Length': '9' }, 'half'))
    expect((await fetch(`${url.origin}/health`)).status).toBe(200)
    started.child.kill('SIGINT')
    started.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(started.child.exitCode).toBeNull()
    started.child.kill('SIGINT')
    expect(await started.exit).toBe(1)
    expect(started.output().out).toContain('SIGINT: not waiting')
    stuck.destroy()
  })

  test('a port that is taken is told in words', async () => {
    const first = run(['--port', '0'])
    const { port } = await listening(first)
    const second = run(['--port', port])
    expect(await second.exit).toBe(1)
    expect(second.output().err).toContain(`port ${port} is taken`)
    expect(second.output().err).not.toContain('    at ')
  })

  test.each([
    [['--prot', '1'], '--prot'],
    [['--port', 'http'], '--port is a whole number from 0 to 65535'],
    [['--port', '65536'], '65536'],
    [['--store', 'tape'], '--store is one of file, memory'],
    [['--cache', 'maybe'], '--cache is one of public, private, no-store'],
    [['--base-path', 'streams'], '--base-path begins with /'],
    [['extra'], 'extra'],
  ])('%j is a usage error', async (args, message) => {
    const started = run(args)
    expect(await started.exit).toBe(2)
    expect(started.output().err).toContain(message)
    expect(started.output().err).toContain('--help')
    expect(started.output().out).toBe('')
  })

  test('--help and --version print and end', async () => {
    const help = run(['--help'])
    expect(await help.exit).toBe(0)
    expect(help.output().out).toContain('Usage: ds-server [options]')
    const version = run(['--version'])
    expect(await version.exit).toBe(0)
    expect(version.output().out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('PORT and HOST are taken from the environment, and options go before them', async () => {
    const fromEnvironment = run([], { PORT: '0', HOST: 'localhost' })
    expect((await listening(fromEnvironment)).hostname).toBe('localhost')
    const fromOptions = run(['--port', '0', '--host', '127.0.0.1'], { PORT: 'none', HOST: '192.0.2.1' })
    expect((await listening(fromOptions)).hostname).toBe('127.0.0.1')
    const bad = run([], { PORT: 'none' })
    expect(await bad.exit).toBe(2)
  })

  test('a host that is none of this machine is told in words', async () => {
    const started = run(['--port', '0', '--host', '192.0.2.1'])
    expect(await started.exit).toBe(1)
    expect(started.output().err).toMatch(/^ds-server: .*192\.0\.2\.1/)
    expect(started.output().err).not.toContain('    at ')
  })

  test('streams survive a restart, and a kill', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ds-server-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    for (const [index, signal] of (['SIGKILL', 'SIGTERM', 'SIGKILL'] as const).entries()) {
      const started = run(['--port', '0'], { STREAMS_DIR: directory })
      const url = `${(await listening(started)).href}s`
      const headers = { 'content-type': 'text/plain' }
      await fetch(url, { method: 'PUT', headers })
      expect((await fetch(url, { method: 'POST', headers, body: String(index) })).status).toBe(204)
      expect(await (await fetch(url)).text()).toBe('012'.slice(0, index + 1))
      started.child.kill(signal)
      await started.exit
    }
  })

  test('a directory that another server has is told in words', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ds-server-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    await listening(run(['--port', '0'], { STREAMS_DIR: directory }))
    const second = run(['--port', '0'], { STREAMS_DIR: directory })
    expect(await second.exit).toBe(1)
    expect(second.output().err).toMatch(/^ds-server: /)
    expect(second.output().err).not.toContain('    at ')
  })

  test('both bindings, a base path and a public origin can be chosen', async () => {
    for (const binding of ['node', 'hono']) {
      const args = [
        '--port',
        '0',
        '--binding',
        binding,
        '--base-path',
        '/streams',
        '--public-origin',
        'https://x.test',
      ]
      const url = await listening(run(args))
      expect(url.pathname).toBe('/streams/')
      const response = await fetch(`${url.href}s`, { method: 'PUT' })
      expect(response.headers.get('location')).toBe('https://x.test/streams/s')
    }
  })
})
