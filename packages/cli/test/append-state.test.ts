import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ds, dsInProcess, scratchFolder, startDs, type RunResult } from './run-ds.test-kit.js'
import { startPlainServer, startTestServer, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

const LINES = Array.from({ length: 20_000 }, (_, i) => `{"n":${i},"pad":"${'x'.repeat(i % 97)}"}`)

async function createStream(name: string, contentType: string): Promise<void> {
  await fetch(`${server.url}/v1/stream/${name}`, { method: 'PUT', headers: { 'content-type': contentType } })
}

function sequence(text: string): readonly string[] {
  return text.split('\n').slice(0, -1)
}

describe('append --state', () => {
  test.each([
    ['application/json', []],
    ['text/plain', []],
    ['text/plain', ['--lines']],
  ])(
    'killed at any moment and run again, it appends everything to %s once %j',
    async (contentType, options) => {
      const name = `killed-${contentType.length}-${options.length}`
      await createStream(name, contentType)
      const folder = scratchFolder()
      const [file, state] = [join(folder, 'input'), join(folder, 'state')]
      writeFileSync(file, `${LINES.join('\n')}\n`)
      const args = ['append', name, '--file', file, '--state', state, '--batch-bytes', '10000', ...options]
      let kills = 0
      for (let attempt = 0; ; attempt++) {
        const running = startDs(args, { env: server.env })
        // Killed ever later, at first before it does anything.
        const timer = setTimeout(() => running.process.kill('SIGKILL'), 150 + attempt * 150)
        const { code, stderr } = await running.ended
        clearTimeout(timer)
        if (code === 0) break
        expect(stderr.replace(/ds: .* is .*\n/, '')).toBe('')
        kills++
      }
      expect(kills).toBeGreaterThan(1)
      const { stdout } = await dsInProcess(['read', name], { env: server.env })
      expect(sequence(stdout).length).toBe(LINES.length)
      expect(stdout === `${LINES.join('\n')}\n`).toBe(true)
    },
  )

  test('run again after the end it appends what was added since, and nothing twice', async () => {
    await createStream('growing', 'text/plain')
    const folder = scratchFolder()
    const [file, state] = [join(folder, 'log'), join(folder, 'state')]
    const run = (): Promise<RunResult> =>
      dsInProcess(['append', 'growing', '--file', file, '--state', state, '-o', 'json'], { env: server.env })
    writeFileSync(file, 'one\n')
    expect(JSON.parse((await run()).stdout)).toMatchObject({ bytes: 4, skippedBytes: 0 })
    expect(JSON.parse((await run()).stdout)).toMatchObject({ bytes: 0, skippedBytes: 4 })
    writeFileSync(file, 'one\ntwo\n')
    expect(JSON.parse((await run()).stdout)).toMatchObject({ bytes: 4, skippedBytes: 4 })
    expect(await server.read('growing')).toBe('one\ntwo\n')
  })

  test('a batch that was taken although its answer never came is not appended again', async () => {
    await createStream('answerless', 'text/plain')
    const folder = scratchFolder()
    const state = join(folder, 'state')
    // The first run dies with its batch on the way; the server takes it all the same.
    const proxy = await startPlainServer((request, response) => {
      if (request.method === 'HEAD')
        return void response.writeHead(200, { 'content-type': 'text/plain' }).end()
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => /^(producer-|content-type)/.test(name)),
      ) as Record<string, string>
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        void fetch(`${server.url}/v1/stream/answerless`, { method: 'POST', headers, body }).then(() =>
          first.process.kill('SIGKILL'),
        )
      })
    })
    const stateArgs = ['--state', state]
    const first = startDs(['append', `${proxy}/v1/stream/answerless`, ...stateArgs])
    first.process.stdin!.end('taken once')
    expect((await first.ended).code).toBe(null)
    expect(await server.read('answerless')).toBe('taken once')
    // The state names the stream by its URL; the proxy has another one.
    const saved = readFileSync(state, 'utf8').replaceAll(proxy, server.url)
    writeFileSync(state, saved)
    const again = await ds(['append', 'answerless', ...stateArgs], {
      env: server.env,
      input: 'taken once, and more',
    })
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(await server.read('answerless')).toBe('taken once, and more')
  })

  test('an input that changed is refused, and nothing is appended', async () => {
    await createStream('changed', 'text/plain')
    const state = join(scratchFolder(), 'state')
    const run = (input: string): Promise<RunResult> =>
      dsInProcess(['append', 'changed', '--state', state], { env: server.env, input })
    await run('the first input')
    for (const input of ['another input, longer', 'short']) {
      const { code, stderr } = await run(input)
      expect(code).toBe(1)
      expect(stderr).toContain('INPUT_CHANGED')
    }
    expect(await server.read('changed')).toBe('the first input')
  })

  test('a state file of another stream, of another kind, or of nothing is refused', async () => {
    await createStream('mine', 'text/plain')
    await createStream('other', 'text/plain')
    const folder = scratchFolder()
    const run = (args: readonly string[]): Promise<RunResult> =>
      dsInProcess(['append', ...args], { env: server.env, input: 'x' })
    const state = join(folder, 'state')
    await run(['mine', '--state', state])
    expect((await run(['other', '--state', state])).stderr).toContain('belongs to')
    expect((await run(['mine', '--state', state, '--lines'])).stderr).toContain('input read as bytes')
    const nonsense = join(folder, 'nonsense')
    writeFileSync(nonsense, 'precious')
    const { code, stderr } = await run(['mine', '--state', nonsense])
    expect({ code, text: readFileSync(nonsense, 'utf8') }).toEqual({ code: 2, text: 'precious' })
    expect(stderr).toContain('is no state file')
  })

  test('two processes do not use one state file; that of a dead one is free', async () => {
    await createStream('shared', 'text/plain')
    const state = join(scratchFolder(), 'state')
    const first = startDs(['append', 'shared', '--state', state], { env: server.env })
    first.process.stdin!.write('from the first')
    while (!existsSync(state)) await new Promise((resolve) => setTimeout(resolve, 10))
    const second = await ds(['append', 'shared', '--state', state], { env: server.env, input: 'x' })
    expect(second.code).toBe(5)
    expect(second.stderr).toContain('STATE_FILE_IN_USE')
    first.process.kill('SIGKILL')
    await first.ended
    const third = await ds(['append', 'shared', '--state', state], {
      env: server.env,
      input: 'from the first',
    })
    expect(third.code).toBe(0)
    expect(await server.read('shared')).toBe('from the first')
  })

  test('a producer that was fenced stops with 5', async () => {
    await createStream('fenced', 'text/plain')
    const state = join(scratchFolder(), 'state')
    await dsInProcess(['append', 'fenced', '--state', state], { env: server.env, input: 'a' })
    const { producerId } = JSON.parse(readFileSync(state, 'utf8')) as { producerId: string }
    await dsInProcess(['append', 'fenced', 'b', '--producer-id', producerId], { env: server.env })
    const { code, stderr } = await dsInProcess(['append', 'fenced', '--state', state], {
      env: server.env,
      input: 'ac',
    })
    expect(code).toBe(5)
    expect(stderr).toContain('fenced')
    expect(await server.read('fenced')).toBe('ab')
  })
})
