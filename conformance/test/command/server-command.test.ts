import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DurableStreamTestServer } from '@ds/server'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunReport } from '../../src/report/run-report.js'
import { runInMemory } from './run-in-memory.js'

// Whole runs, and processes, on a machine that may do something else as well.
vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'ds-command-'))
const server = new DurableStreamTestServer({ longPollTimeout: 1000 })
let url: string

beforeAll(async () => (url = await server.start()))
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const closeLater: Server[] = []
afterEach(() => closeLater.splice(0).forEach((one) => one.close()))

/** A server that answers everything with one status. */
async function serverWith(status: number): Promise<string> {
  const one = createServer((_request, response) => response.writeHead(status).end())
  closeLater.push(one)
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}

describe('a server that conforms', () => {
  test('exit code 0, a table by section and level, and one sentence', async () => {
    const { exitCode, out, err } = await runInMemory(['server', url, '--section', '5.3', '--section', '4.1'])
    expect(err).toMatch(/4\.1 Stream closure +11 of 11 +1 of 1 +-\n/)
    expect(err).toMatch(/5\.3 Close stream +6 of 6 +- +-\n/)
    expect(err).toContain('All 17 MUST cases pass; the SHOULD case passes.')
    expect(out).toBe('')
    expect(exitCode).toBe(0)
  })

  test('the path of the URL is where its streams are', async () => {
    const { exitCode, err } = await runInMemory(['server', `${url}/v1/stream/below/`, '--section', '5.3'])
    expect(err).toContain(`${url}/v1/stream/below\n`)
    expect(exitCode).toBe(0)
  })

  test('a level runs those above it', async () => {
    const { err } = await runInMemory(['server', url, '--section', '4.1', '--level', 'must'])
    expect(err).toMatch(/4\.1 Stream closure +11 of 11 +- +-\n/)
  })

  test('how long a long-poll lasts is found out where it matters', async () => {
    const { exitCode, err } = await runInMemory(['server', url, '--case', '8/now-long-poll-waits'])
    expect(err).toContain('Finding out how long')
    expect(exitCode).toBe(0)
    const quick = await runInMemory(['server', url, '--section', '5.3', '--long-poll-timeout', '1000'])
    expect(quick.err).not.toContain('Finding out')
  })

  test('a command that restarts it lets cases run that need that', async () => {
    const args = ['server', url, '--case', '4/data-survives-a-restart']
    const skipped = await runInMemory(args)
    expect(skipped.err).toContain('1 skipped: needs restart (--restart-command)')
    // The data of a server that was not restarted at all is there as well.
    const restarted = await runInMemory([...args, '--restart-command', 'true'])
    expect(restarted.err).toContain('The MUST case passes.')
    const broken = await runInMemory([...args, '--restart-command', 'exit 7'])
    expect(broken.err).toContain('`exit 7` ended with 7')
    expect(broken.exitCode).toBe(1)
  })

  test('a report goes to standard output, and nothing else does', async () => {
    const { out } = await runInMemory(['server', url, '--case', '5.3/close-answers-204', '--report', 'json'])
    const report = JSON.parse(out) as RunReport
    expect(report.counts.passed).toBe(1)
    expect(report.subject).toEqual({ kind: 'server', name: `${url}/v1/stream` })
  })

  test.each(['html', 'junit', 'json'])('a %s report goes to the file that is named', async (format) => {
    const file = join(folder, `report.${format}`)
    const args = ['server', url, '--case', '5.3/close-answers-204', '--report', format, '--output', file]
    const { exitCode, out, err } = await runInMemory(args)
    expect(readFileSync(file, 'utf8')).toContain('5.3/close-answers-204')
    expect(err).toContain(file)
    expect(out).toBe('')
    expect(exitCode).toBe(0)
  })
})

describe('a server in breach', () => {
  test('exit code 1, and each failure with its last exchange', async () => {
    const broken = await serverWith(500)
    const { exitCode, err } = await runInMemory(['server', broken, '--section', '5.3'])
    expect(err).toContain('MUST 5.3/close-answers-204')
    expect(err).toContain('expected status 201, got 500')
    expect(err).toMatch(/> PUT \/v1\/stream\/conformance-/)
    expect(err).toContain('< 500')
    expect(err).toContain('6 MUST cases fail.')
    expect(exitCode).toBe(1)
  })

  test('exit code 0 where a list says so, 1 where the list is out of date', async () => {
    const list = join(folder, 'known.txt')
    writeFileSync(list, '5.3/close-answers-204 # because\n')
    const args = ['--case', '5.3/close-answers-204', '--known-failures', list]
    const broken = await runInMemory(['server', await serverWith(500), ...args])
    expect(broken.err).toContain('1 fail as listed.')
    expect(broken.exitCode).toBe(0)
    const fixed = await runInMemory(['server', url, ...args])
    expect(fixed.err).toContain('take it off the list')
    expect(fixed.exitCode).toBe(1)
  })

  test('a failing SHOULD is advice, unless the run is strict', async () => {
    const broken = await serverWith(500)
    const args = ['server', broken, '--case', '4.1/closing-again-succeeds']
    expect((await runInMemory(args)).exitCode).toBe(0)
    expect((await runInMemory([...args, '--strict'])).exitCode).toBe(1)
  })
})

describe('no server', () => {
  test('exit code 3 where nothing listens', async () => {
    const gone = await serverWith(200)
    closeLater.splice(0).forEach((one) => one.close())
    const { exitCode, err } = await runInMemory(['server', gone])
    expect(err).toContain(`No server answers at ${gone}: connect ECONNREFUSED`)
    expect(exitCode).toBe(3)
  })

  test('exit code 3 where something else listens, with what to do', async () => {
    const { exitCode, err } = await runInMemory(['server', await serverWith(404)])
    expect(err).toContain('has no streams below /v1/stream: a PUT there answers 404')
    expect(err).toContain('--base-path')
    expect(exitCode).toBe(3)
  })

  test('exit code 3 where it asks who we are', async () => {
    const { exitCode, err } = await runInMemory(['server', await serverWith(401)])
    expect(err).toContain("--header 'Authorization: ...'")
    expect(exitCode).toBe(3)
  })
})

describe('a server that dies during a run', () => {
  test('exit code 3, soon, with the case since which it is gone', async () => {
    let left = 6
    const dying = createServer((_request, response) => {
      response.writeHead(left > 0 ? 500 : 503).end()
      left -= 1
      if (left === 0) {
        dying.close()
        dying.closeAllConnections()
      }
    })
    await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(dying.address() as AddressInfo).port}`
    const { exitCode, err } = await runInMemory(['server', address, '--long-poll-timeout', '300'])
    expect(err).toMatch(/does not answer any more, since about case \S+\/\S+/)
    expect(exitCode).toBe(3)
    // Those that were under way: no more begin while it is being found out.
    expect(err.match(/^ +\w+ fails /gm)!.length).toBeLessThan(120)
  })
})

describe('the command line', () => {
  test.each([
    [['server'], 'which server?'],
    [['server', 'ftp://x'], 'no http or https URL'],
    [['server', 'http://x', '--section', 'five'], 'a section like 5.2.1'],
    [['server', 'http://x', '--section', '99'], 'no case is selected'],
    [['server', 'http://x', '--case', '5.3/typo'], 'no such conformance case: 5.3/typo'],
    [['server', 'http://x', '--header', 'nonsense'], 'nonsense is no header'],
    [['server', 'http://x', '--report', 'pdf'], 'html, junit, json'],
    [['server', 'http://x', '--output', '/no/such/folder/x', '--report', 'json'], 'cannot be written'],
    [['server', 'http://x', '--known-failures', '/no/such/file'], 'cannot be read'],
    [['server', 'http://x', '--concurrency', '0'], 'from 1 to 64'],
    [['server', 'http://x', '--frobnicate'], 'unknown option'],
    [['frobnicate'], 'unknown command'],
  ])('%j: exit code 2 and a reason', async (args, reason) => {
    const { exitCode, err } = await runInMemory(args)
    expect(err).toContain(reason)
    expect(exitCode).toBe(2)
  })

  test('--list shows cases and needs no server', async () => {
    const { exitCode, out } = await runInMemory(['server', '--list', '--section', '5.3'])
    expect(out.split('\n')[0]).toBe(
      '5.3/close-answers-204\tMUST\t\ta POST with Stream-Closed and no body answers 204 with the unchanged tail',
    )
    expect(out.trim().split('\n')).toHaveLength(6)
    expect(exitCode).toBe(0)
  })

  test('--help has examples and the meaning of the exit codes', async () => {
    const { exitCode, out } = await runInMemory(['server', '--help'])
    expect(out).toContain('$ ds-conformance server http://localhost:4437 --section 5.2.1')
    expect(out).toContain('3  nothing to judge')
    expect(exitCode).toBe(0)
  })
})

describe('the process', () => {
  test('Ctrl-C ends a run at once, with what is known and exit code 130', async () => {
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
    const child = spawn(process.execPath, [main, 'server', url, '--section', '5.7', '--report', 'json'])
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      if (err.includes('Finding out') && !child.killed) child.kill('SIGINT')
    })
    const exitCode = await new Promise((resolve) => child.once('close', resolve))
    expect(exitCode).toBe(130)
    expect(err).toContain('Stopped before the end.')
    expect((JSON.parse(out) as RunReport).interrupted).toBe(true)
  })
})
