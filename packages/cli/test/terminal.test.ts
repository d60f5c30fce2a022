import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { binFolder, Running, scratchFolder } from './run-ds.test-kit.js'
import { startPlainServer, startTestServer, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => {
  try {
    execFileSync('python3', ['-c', 'import pty'])
  } catch {
    throw new Error('these tests need python3 with its module pty, which makes the terminal that they run in')
  }
  server = await startTestServer()
})
afterAll(() => server.stop())

/** What removes the bar from its line. */
const CLEAR = '\r\u001B[K'

/** Runs a shell command in a terminal of its own; what is written to its input is typed there. */
const TERMINAL = `
import os, pty, sys
status = pty.spawn(['bash', '-c', sys.argv[1]])
sys.exit(os.waitstatus_to_exitcode(status))`

function inTerminal(command: string, env: Readonly<Record<string, string>> = {}): Running {
  const PATH = `${binFolder()}:${process.env['PATH'] ?? ''}`
  return new Running('python3', ['-c', TERMINAL, command], {
    env: { ...server.env, PATH, TERM: 'xterm', ...env },
  })
}

/** A server that takes its time, so that a transfer lasts. */
async function startSlowServer(): Promise<string> {
  return startPlainServer((request, response) => {
    if (request.method === 'HEAD') return void response.writeHead(200, { 'content-type': 'text/plain' }).end()
    request
      .resume()
      .on('end', () => setTimeout(() => response.writeHead(200, { 'stream-next-offset': '1' }).end(), 60))
  })
}

describe('on a terminal', () => {
  test('a long upload has a bar, which is gone at the end', async () => {
    const file = join(scratchFolder(), 'file')
    writeFileSync(file, 'x'.repeat(1_000_000))
    const url = await startSlowServer()
    const running = inTerminal(`ds append x --url ${url} --file ${file} --batch-bytes 100k`)
    running.process.stdin!.end()
    const { code, stdout } = await running.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/\[#+\.+\] \d+% {2}[\d.]+ KiB of 976\.6 KiB/)
    expect(stdout.endsWith(`${CLEAR}appended 976.6 KiB to x\r\n`)).toBe(true)
  })

  test('a download into a file has one, too, and --no-progress has none', async () => {
    const url = `${server.url}/v1/stream/long`
    await fetch(url, { method: 'PUT', headers: { 'content-type': 'text/plain' } })
    for (let i = 0; i < 30; i++) {
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'y'.repeat(1_000_000),
      })
    }
    const out = join(scratchFolder(), 'out')
    const withBar = inTerminal(`ds read long > ${out}`)
    expect((await withBar.ended).stdout).toMatch(/[\d.]+ MiB {2}[\d.]+ \wiB\/s/)
    expect(readFileSync(out).length).toBe(30_000_000)
    const without = inTerminal(`ds read long --no-progress > ${out}`)
    expect((await without.ended).stdout).toBe('')
  })

  test('errors are coloured, unless NO_COLOR says otherwise', async () => {
    const coloured = inTerminal('ds read nowhere')
    expect((await coloured.ended).stdout).toContain('\u001B[31mds:\u001B[0m')
    const plain = inTerminal('ds read nowhere', { NO_COLOR: '1' })
    expect((await plain.ended).stdout).not.toContain('\u001B')
  })

  test('Ctrl-C ends a live read with 130 and leaves the line clean', async () => {
    await fetch(`${server.url}/v1/stream/ctrl-c`, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain' },
      body: 'here\n',
    })
    const running = inTerminal('ds read ctrl-c --follow; echo "code $?"')
    await running.until(({ stdout }) => stdout.includes('here'))
    running.process.stdin!.write('\u0003')
    const { stdout } = await running.ended
    expect(stdout).toContain('here\r\n^C')
    // bash dies of Ctrl-C as well, or tells the code.
    expect(stdout).not.toContain('Error')
  })

  test('Ctrl-C in the middle of an upload tells how far it came', async () => {
    const file = join(scratchFolder(), 'file')
    writeFileSync(file, 'x'.repeat(10_000_000))
    const url = await startSlowServer()
    const running = inTerminal(`exec ds append x --url ${url} --file ${file} --batch-bytes 100k`)
    await running.until(({ stdout }) => stdout.includes('%'))
    running.process.stdin!.write('\u0003')
    const { code, stdout } = await running.ended
    expect(code).toBe(130)
    expect(stdout).toMatch(/ds: stopped after [\d.]+ \wiB\r\n/)
    expect(stdout).not.toContain('appended')
  })

  test('what is typed is appended, line for line, and Ctrl-D ends it', async () => {
    await fetch(`${server.url}/v1/stream/typed`, { method: 'PUT', headers: { 'content-type': 'text/plain' } })
    const running = inTerminal('ds append typed')
    await running.until(({ stdout }) => stdout.includes('Ctrl-D'))
    running.process.stdin!.write('hello\n')
    while ((await server.read('typed')) !== 'hello\n') await new Promise((resolve) => setTimeout(resolve, 20))
    running.process.stdin!.write('\u0004')
    expect((await running.ended).code).toBe(0)
  })
})
