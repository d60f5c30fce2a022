import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bash, dsInProcess, scratchFolder, startDs, type RunResult } from './run-ds.test-kit.js'
import { startPlainServer, startServerProcess, startTestServer, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

let count = 0
/** A stream of its own for each test. */
async function newStream(contentType: string): Promise<string> {
  const name = `append-${count++}`
  await fetch(`${server.url}/v1/stream/${name}`, { method: 'PUT', headers: { 'content-type': contentType } })
  return name
}

const run = (args: readonly string[], input?: string | Uint8Array): Promise<RunResult> =>
  dsInProcess(args, { env: server.env, ...(input === undefined ? {} : { input }) })

const messagesIn = async (name: string): Promise<unknown> => JSON.parse(await server.read(name))

describe('append to a JSON stream', () => {
  test('takes values one after the other, however they are laid out', async () => {
    const name = await newStream('application/json')
    const { code, stdout } = await run(
      ['append', name, '-o', 'json'],
      '{"a":\n 1}{"b":"}\\"]"}\n\n[1, 2] 3 null "x"',
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ messages: 6, batches: 1 })
    expect(await messagesIn(name)).toEqual([{ a: 1 }, { b: '}"]' }, [1, 2], 3, null, 'x'])
  })

  test('keeps the source text of numbers', async () => {
    const name = await newStream('application/json')
    await run(['append', name], '12345678901234567890 1.0 1e400')
    expect((await run(['read', name])).stdout).toBe('12345678901234567890\n1.0\n1e400\n')
  })

  test('--batch-json makes messages of the elements of an array', async () => {
    const name = await newStream('application/json')
    await run(['append', name, '--batch-json'], '[{"a":1}, [2, 3]\n,4 ] {"b":5} []')
    expect(await messagesIn(name)).toEqual([{ a: 1 }, [2, 3], 4, { b: 5 }])
  })

  test('--lines makes a JSON string of each line of text', async () => {
    const name = await newStream('application/json')
    await run(['append', name, '--lines'], 'plain "text"\r\n\nlast')
    expect(await messagesIn(name)).toEqual(['plain "text"', '', 'last'])
  })

  test('what is no JSON is named by its line, after everything before it was appended', async () => {
    const name = await newStream('application/json')
    const { code, stdout, stderr } = await run(['append', name], '{"a":1}\n{"b":2}\n{"c":oops}\n{"d":4}\n')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('line 3 of the input: this is no JSON: {"c":oops}')
    expect(stderr).toContain('stopped after 2 messages')
    expect(await messagesIn(name)).toEqual([{ a: 1 }, { b: 2 }])
  })

  test.each(['{"a":1', '"abc', '[1,2', 'tru'])('%s ends too early', async (input) => {
    const name = await newStream('application/json')
    const { code, stderr } = await run(['append', name], input)
    expect(code).toBe(1)
    expect(stderr).toMatch(/INVALID_JSON/)
  })

  test.each(['[1 2]', '[1,,2]', '[1,]', '[1'])('--batch-json refuses %s', async (input) => {
    const name = await newStream('application/json')
    expect((await run(['append', name, '--batch-json'], input)).code).toBe(1)
  })
})

describe('append to any other stream', () => {
  test('is binary-safe, from a file and through a pipe', async () => {
    const name = await newStream('application/octet-stream')
    const bytes = randomBytes(3_000_000)
    const file = join(scratchFolder(), 'bytes')
    writeFileSync(file, bytes)
    await run(['append', name, '--file', file, '--batch-bytes', '100k'])
    await run(['append', name], bytes)
    const { bytes: read } = await run(['read', name])
    expect(read.equals(Buffer.concat([bytes, bytes]))).toBe(true)
  })

  test('an empty input appends nothing and is no failure', async () => {
    const name = await newStream('text/plain')
    const { code, stdout } = await run(['append', name], '')
    expect(code).toBe(0)
    expect(stdout).toContain('appended 0 B')
    expect(await server.read(name)).toBe('')
  })

  test('--lines sends no part of a line before its end', async () => {
    const name = await newStream('text/plain')
    const running = startDs(['append', name, '--lines'], { env: server.env })
    running.process.stdin!.write('first\nsec')
    while ((await server.read(name)) === '') await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await server.read(name)).toBe('first\n')
    running.process.stdin!.end('ond')
    await running.ended
    expect(await server.read(name)).toBe('first\nsecond')
  })

  test('--create makes the stream, --close closes it', async () => {
    const { code } = await run(
      ['append', 'made', '--create', '--content-type', 'text/plain', '--close'],
      'all of it',
    )
    expect(code).toBe(0)
    const head = await run(['head', 'made', '-o', 'json'])
    expect(JSON.parse(head.stdout)).toMatchObject({ contentType: 'text/plain', closed: true })
  })
})

describe('a million lines', () => {
  test('take seconds', async () => {
    const startedAt = performance.now()
    const { code, stdout } = await bash('seq 1 1000000 | ds append numbers --create --json', {
      env: server.env,
    })
    expect(code).toBe(0)
    expect(stdout).toContain('1,000,000 messages')
    expect(performance.now() - startedAt).toBeLessThan(20_000)
    const { bytes } = await run(['read', 'numbers'])
    const expected = Array.from({ length: 1_000_000 }, (_, i) => `${i + 1}\n`).join('')
    expect(bytes.toString() === expected).toBe(true)
  })

  test('wait where they come from while the server is slow', async () => {
    let received = 0
    const url = await startPlainServer((request, response) => {
      if (request.method === 'HEAD')
        return void response.writeHead(200, { 'content-type': 'text/plain' }).end()
      request.on('data', (chunk: Buffer) => (received += chunk.length))
      request.on('end', () => {
        setTimeout(() => response.writeHead(200, { 'stream-next-offset': `${received}` }).end(), 20)
      })
    })
    const running = startDs(['append', 'slow', '--url', url, '--producer-id', 'p'])
    const stdin = running.process.stdin!
    const part = Buffer.alloc(1_048_576, 'x')
    let mostAhead = 0
    for (let i = 1; i <= 60; i++) {
      if (!stdin.write(part)) await new Promise((resolve) => stdin.once('drain', resolve))
      mostAhead = Math.max(mostAhead, i * part.length - received)
    }
    stdin.end()
    expect((await running.ended).code).toBe(0)
    expect(received).toBe(60 * part.length)
    expect(mostAhead).toBeLessThan(12 * part.length)
  })
})

describe('retries', () => {
  test('a batch whose answer is lost is sent again under its number, and is there once', async () => {
    const name = await newStream('text/plain')
    let lost = 0
    const proxy = await startPlainServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const passed = Object.entries(request.headers).filter(([name]) =>
          /^(producer-|content-type)/.test(name),
        )
        const headers = Object.fromEntries(passed) as Record<string, string>
        const body = request.method === 'POST' ? { body: Buffer.concat(chunks) } : {}
        void fetch(`${server.url}${request.url!}`, { method: request.method!, headers, ...body }).then(
          (answer) => {
            if (request.method === 'POST' && lost++ % 2 === 0) response.destroy()
            else response.writeHead(answer.status, Object.fromEntries(answer.headers)).end()
          },
        )
      })
    })
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('')
    const { code, stdout } = await run(
      ['append', name, '--url', proxy, '--batch-bytes', '50000', '-o', 'json'],
      text,
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ bytes: text.length, skippedBytes: 0 })
    expect(lost).toBeGreaterThan(4)
    expect((await server.read(name)) === text).toBe(true)
  })

  test('a pipe outlives its server: killed and started again, it has everything once', async () => {
    const folder = scratchFolder()
    const before = await startServerProcess(folder)
    const url = `${before.url}/outlived`
    await fetch(url, { method: 'PUT', headers: { 'content-type': 'text/plain' } })
    const running = startDs(['append', url, '--lines'])
    const lines: string[] = []
    const write = (count: number): void => {
      for (let i = 0; i < count; i++) lines.push(`line ${lines.length}\n`)
      running.process.stdin!.write(lines.slice(-count).join(''))
    }
    write(100)
    while ((await (await fetch(url)).text()) === '') await new Promise((resolve) => setTimeout(resolve, 10))
    write(5_000)
    before.running.process.kill('SIGKILL')
    await before.running.ended
    write(100)
    await startServerProcess(folder, Number(new URL(url).port))
    write(100)
    running.process.stdin!.end()
    expect((await running.ended).code).toBe(0)
    expect((await (await fetch(url)).text()) === lines.join('')).toBe(true)
  })

  test('without a number it is said that nobody knows whether it was appended', async () => {
    const url = await startPlainServer((request, response) => {
      if (request.method === 'POST') response.destroy()
      else response.writeHead(200, { 'content-type': 'text/plain' }).end()
    })
    const { code, stderr } = await run(['append', 'x', 'text', '--url', url])
    expect(code).toBe(3)
    expect(stderr).toContain('OUTCOME_UNKNOWN')
    expect(stderr).toContain('--producer-id')
  })

  test('single lines leave no producer behind', async () => {
    const name = await newStream('text/plain')
    const producers: unknown[] = []
    const url = await startPlainServer((request, response) => {
      producers.push(request.headers['producer-id'])
      response.writeHead(204, { 'content-type': 'text/plain', 'stream-next-offset': '1' }).end()
    })
    await run(['append', name, '--url', url], 'one line\n')
    expect(producers).toEqual([undefined, undefined])
  })

  test('a newer run of the same --producer-id is not taken for a repeat', async () => {
    const name = await newStream('text/plain')
    for (const text of ['a', 'b', 'c']) await run(['append', name, text, '--producer-id', 'me'])
    expect(await server.read(name)).toBe('abc')
  })
})
