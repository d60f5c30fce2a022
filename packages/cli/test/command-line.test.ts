import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bash, ds, dsInProcess } from './run-ds.test-kit.js'
import { startTestServer, unusedPort, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

const COMMANDS = [
  'dev', 'serve', 'create', 'append', 'read', 'head', 'close', 'delete', 'fork', 'ls', 'fsck', 'bench', 'doctor',
  'completion',
] // prettier-ignore

describe('help', () => {
  test('names every command, shows examples and lists the exit codes', async () => {
    const { code, stdout, stderr } = await ds(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain('130  stopped by Ctrl-C')
  })

  test('every command has examples of its own', async () => {
    for (const command of COMMANDS) {
      const { code, stdout } = await dsInProcess([command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toMatch(/Examples:\n {2}\$ ds /)
    }
  })

  test('the version is that of the package', async () => {
    const { stdout } = await ds(['--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a command line that makes no sense', () => {
  test.each([
    [['raed', 'x'], "unknown command 'raed'"],
    [['read'], "missing required argument 'stream'"],
    [['read', 'x', '--ofset', '1'], "unknown option '--ofset'"],
    [['read', 'x', '--limit', 'ten'], 'It is a whole number'],
    [['read', 'x', '--json', '--raw'], 'either --json or --raw'],
    [['read', 'x', '--last', '3', '--limit', '3'], '--last goes neither'],
    [['read', 'a//b'], "'a//b' names no stream"],
    [['read', '../b'], "'../b' names no stream"],
    [['read', 'x', '--url', 'ftp://x'], 'ftp://x is no http or https URL'],
    [['read', 'x', '--url', 'http://me:secret@x'], 'credentials do not belong into the URL'],
    [['read', 'x', '--header', 'nothing'], "'nothing' is no header"],
    [['read', 'x', '--timeout', 'soon'], 'It is a span of time'],
    [['read', 'x', '--output', 'xml'], 'It is one of text, json'],
    [['create', 'x', '--ttl', '0'], 'It is a number of seconds'],
    [['create', 'x', '--ttl', '1h', '--expires-at', '2030-01-01T00:00:00Z'], 'either --ttl or --expires-at'],
    [['create', 'x', '--json', '--content-type', 'text/plain'], 'contradict each other'],
    [['create', 'x', '--file', '/no/such/file'], 'there is no such file'],
    [['append', 'x', 'a', '--state', 's'], '--state is for files and standard input'],
    [['serve', '--store', 'mongo'], '--store mongo is none'],
    [['serve', '--webhooks', 'all'], 'It is one of public, development'],
    [['ls'], 'the protocol has no list of streams'],
    [['fork', 'http://a/v1/stream/x', 'http://b/v1/stream/y'], 'a fork lives on the server of its source'],
  ])('%j exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await dsInProcess(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})

test('the process exits with that code, and says nothing on standard output', async () => {
  const { code, stdout, stderr } = await ds(['read'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('--help')
})

describe('when no server is there', () => {
  test.each([['create'], ['append'], ['read'], ['head'], ['close'], ['delete'], ['fork']])(
    '%s exits with 3 and says what to do',
    async (command) => {
      const url = `http://127.0.0.1:${await unusedPort()}`
      const args = command === 'fork' ? ['fork', 'x', 'y'] : [command, 'x']
      const { code, stdout, stderr } = await dsInProcess([...args, '--url', url, '--retry', '0'])
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toContain('ECONNREFUSED')
      expect(stderr).toContain('`ds dev`')
    },
  )

  test('with --output json the error is JSON, with its code', async () => {
    const url = `http://127.0.0.1:${await unusedPort()}`
    const { code, stderr } = await ds(['head', 'x', '--url', url, '-o', 'json', '--retry', '0'])
    expect(code).toBe(3)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'NETWORK', exitCode: 3 } })
  })
})

describe('what the server refuses', () => {
  const run = (...args: string[]): ReturnType<typeof ds> => dsInProcess(args, { env: server.env })

  test('a missing stream exits with 4 and tells how to create it', async () => {
    const { code, stderr } = await run('append', 'nowhere', 'x')
    expect(code).toBe(4)
    expect(stderr).toContain('ds create nowhere')
    expect((await run('read', 'nowhere')).stderr).toContain('STREAM_NOT_FOUND')
    expect(await run('delete', 'nowhere')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('--if-exists') as string,
    })
    expect((await run('delete', 'nowhere', '--if-exists')).code).toBe(0)
  })

  test('a server without TLS, or an offset that is none, is told in words', async () => {
    const secure = server.env.STREAM_URL.replace('http:', 'https:')
    const { code, stderr } = await run('head', 'x', '--url', secure, '--retry', '0')
    expect([code, stderr.trim().split('\n').length]).toEqual([3, 2])
    expect(stderr).toContain('try http://')
    await run('create', 'placed')
    expect((await run('read', 'placed', '--offset', 'garbage')).stderr).toContain('an offset is one that')
  })

  test('a wait for Redis is told', async () => {
    const redis = `redis://user:secret@127.0.0.1:${await unusedPort()}`
    const { code, stderr } = await run('serve', '--store', redis, '--timeout', '2s')
    expect(code).toBe(3)
    expect(stderr).toContain('waiting for Redis at 127.0.0.1')
    expect(stderr).not.toContain('secret')
  })

  test('conflicts exit with 5 and carry the code of the server', async () => {
    await run('create', 'conflict', '--json')
    const other = await run('create', 'conflict', '--content-type', 'text/plain', '-o', 'json')
    expect(other.code).toBe(5)
    expect(JSON.parse(other.stderr)).toMatchObject({ error: { serverCode: 'STREAM_EXISTS', status: 409 } })
    const type = await run('append', 'conflict', 'x', '--content-type', 'text/plain')
    expect(type.code).toBe(5)
    expect(type.stderr).toContain('CONTENT_TYPE_MISMATCH')
    await run('close', 'conflict')
    const closed = await run('append', 'conflict', '1')
    expect(closed.code).toBe(5)
    expect(closed.stderr).toContain('closed')
  })

  test('creating what exists as it is wanted is fine, and told', async () => {
    expect(JSON.parse((await run('create', 'twice', '-o', 'json')).stdout)).toMatchObject({ created: true })
    expect(JSON.parse((await run('create', 'twice', '-o', 'json')).stdout)).toMatchObject({ created: false })
  })
})

describe('colours', () => {
  test('there are none in pipes', async () => {
    const { stderr } = await ds(['read', 'x', '--url', 'ftp://x'])
    expect(stderr).not.toContain('\u001B')
  })
})

describe('completion', () => {
  test('bash completes commands and the options of a command', async () => {
    const { code, stdout, stderr } = await bash(`
      source <(ds completion bash)
      COMP_WORDS=(ds re) COMP_CWORD=1; _ds_complete; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(ds read x --fo) COMP_CWORD=3; _ds_complete; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(ds write x --li) COMP_CWORD=3; _ds_complete; echo "\${COMPREPLY[*]}"`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('read\n--follow\n--lines\n')
  })

  test('zsh and fish have scripts that know every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await ds(['completion', shell])
      for (const command of COMMANDS) expect(stdout).toContain(command)
    }
    expect((await ds(['completion', 'csh'])).code).toBe(2)
  })
})
