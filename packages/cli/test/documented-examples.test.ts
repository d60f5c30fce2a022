import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bash, dsInProcess, scratchFolder, type RunResult } from './run-ds.test-kit.js'
import { startPlainServer, startTestServer, type TestServer } from './servers.test-kit.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

/** The examples that the documents of the reference implementation's tool show, word for word. */
describe('the documented examples of durable-stream', () => {
  test('create, write and pipe, read, delete', async () => {
    const cwd = scratchFolder()
    writeFileSync(join(cwd, 'data.json'), '{\n  "message": "from a file"\n}\n')
    const { code, stdout } = await bash(
      `
      export STREAM_URL=${server.url}
      durable-stream create my-stream
      # Write directly
      durable-stream write my-stream "Hello, world!"
      # Pipe from stdin
      echo '{"message": "hello"}' | durable-stream write my-stream --json
      # From a file
      cat data.json | durable-stream write my-stream --json
      # Read all data
      durable-stream read my-stream
      durable-stream delete my-stream`,
      { cwd },
    )
    expect(code).toBe(0)
    expect(stdout).toContain('Hello, world!{"message": "hello"}\n{\n  "message": "from a file"\n}\ndeleted')
  })

  test('the same on a JSON stream', async () => {
    const { stdout } = await bash(
      `
      durable-stream create chat --json
      durable-stream write chat '{"user": "alice", "text": "Hello!"}' --json
      echo '{"user": "alice", "text": "How are you?"}' | durable-stream write chat --json
      durable-stream read chat
      durable-stream delete chat`,
      { env: server.env },
    )
    expect(stdout).toContain(
      '{"user": "alice", "text": "Hello!"}\n{"user": "alice", "text": "How are you?"}\n',
    )
  })

  test.each([
    ['{}', '{}\n'],
    ['[{}, {}]', '{}\n{}\n'],
    ['[[{}, {}]]', '[{}, {}]\n'],
  ])('--batch-json makes of %s the messages %j', async (input, messages) => {
    const run = (...args: string[]): Promise<RunResult> => dsInProcess(args, { env: server.env })
    await run('create', 'flat', '--json')
    await run('write', 'flat', input, '--batch-json')
    expect((await run('read', 'flat')).stdout).toBe(messages)
    await run('delete', 'flat')
  })

  test('escapes in content are what they stand for', async () => {
    const script = String.raw`durable-stream create escapes -q; durable-stream write escapes 'a\nb\tc\\d' -q
      durable-stream read escapes`
    expect((await bash(script, { env: server.env })).stdout).toBe('a\nb\tc\\d')
  })

  test('read --live follows, as tail -f does', async () => {
    const { stdout } = await bash(
      `durable-stream create live --json -q
      durable-stream append live 1 -q
      (sleep 0.3; durable-stream append live 2 -q; durable-stream close live -q) &
      durable-stream read live --live -q; wait`,
      { env: server.env },
    )
    expect(stdout).toBe('1\n2\n')
  })

  test('STREAM_AUTH and --auth are sent as they are, --auth before the command', async () => {
    const seen: string[] = []
    const url = await startPlainServer((request, response) => {
      seen.push(request.headers.authorization ?? '')
      response.writeHead(401).end()
    })
    const { code, stderr } = await bash(
      `export STREAM_AUTH="Bearer my-token"
      durable-stream read my-stream --url ${url}
      durable-stream --auth "Basic dXNlcjpwYXNz" read my-stream --url ${url}
      durable-stream --auth just-a-token --url ${url} read my-stream`,
    )
    expect(seen).toEqual(['Bearer my-token', 'Basic dXNlcjpwYXNz', 'Bearer just-a-token'])
    expect(code).toBe(6)
    expect(stderr).toContain('STREAM_AUTH')
  })
})
