import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bash, dsInProcess, scratchFolder, startBash, startDs, type RunResult } from './run-ds.test-kit.js'
import { startServerProcess, startTestServer, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

const run = (...args: string[]): Promise<RunResult> => dsInProcess(args, { env: server.env })

async function append(url: string, body: string | Uint8Array, contentType: string): Promise<void> {
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body })
  if (status >= 300) throw new Error(`append: ${status}`)
}

async function stream(
  name: string,
  contentType: string,
  ...bodies: (string | Uint8Array)[]
): Promise<string> {
  const url = `${server.url}/v1/stream/${name}`
  await fetch(url, { method: 'PUT', headers: { 'content-type': contentType } })
  for (const body of bodies) await append(url, body, contentType)
  return url
}

describe('read', () => {
  test('prints JSON messages one a line, whatever white space they were sent with', async () => {
    await stream('layout', 'application/json', '{"a":\r\n 1}', '[[1,\n2], "line\\nbreak"]')
    expect((await run('read', 'layout')).stdout).toBe('{"a":   1}\n[1, 2]\n"line\\nbreak"\n')
    expect((await run('read', 'layout', '--raw')).stdout).toMatch(/^\[\{"a":/)
  })

  test('begins where --offset says: at an offset, at the end', async () => {
    const url = await stream('offsets', 'application/json', '1')
    const offset = (await fetch(url, { method: 'HEAD' })).headers.get('stream-next-offset')!
    await append(url, '2', 'application/json')
    expect((await run('read', 'offsets', '--offset', offset)).stdout).toBe('2\n')
    expect((await run('read', 'offsets', '--offset', '-1')).stdout).toBe('1\n2\n')
    expect((await run('read', 'offsets', '--offset', 'now')).stdout).toBe('')
    const bad = await run('read', 'offsets', '--offset', 'nonsense')
    expect(bad.code).toBe(1)
    expect(bad.stderr).toContain('INVALID_OFFSET')
  })

  test('--limit and --last count messages, or bytes and lines', async () => {
    await stream('counted', 'application/json', '[1,2,3,4]', '5')
    expect((await run('read', 'counted', '--limit', '3')).stdout).toBe('1\n2\n3\n')
    expect((await run('read', 'counted', '--last', '2')).stdout).toBe('4\n5\n')
    await stream('lined', 'text/plain', 'one\ntwo\nth', 'ree\nfour')
    expect((await run('read', 'lined', '--limit', '5')).stdout).toBe('one\nt')
    expect((await run('read', 'lined', '-n', '2')).stdout).toBe('three\nfour')
    expect((await run('read', 'lined', '-n', '9')).stdout).toBe('one\ntwo\nthree\nfour')
  })

  test('--output json gives each batch with its offset: messages, text, or base64', async () => {
    await stream('records', 'application/json', '[1,12345678901234567890]')
    const { stdout } = await run('read', 'records', '-o', 'json')
    expect(stdout).toMatch(
      /^\{"offset":"[^"]+","upToDate":true,"closed":false,"messages":\[1,12345678901234567890\]\}\n$/,
    )
    await stream('record-text', 'text/plain', 'grüße')
    expect(JSON.parse((await run('read', 'record-text', '-o', 'json')).stdout)).toMatchObject({
      text: 'grüße',
    })
    await stream('record-bytes', 'application/octet-stream', Buffer.from([0xff, 0x00]))
    expect(JSON.parse((await run('read', 'record-bytes', '-o', 'json')).stdout)).toMatchObject({
      base64: '/wA=',
    })
    await stream('record-none', 'application/json')
    expect(JSON.parse((await run('read', 'record-none', '-o', 'json')).stdout)).toMatchObject({
      messages: [],
      upToDate: true,
    })
  })

  test('a reader of the output that has enough ends it quietly', async () => {
    const { stdout, stderr } = await bash(
      `seq 1 200000 | ds append enough --create --json -q 2>/dev/null
      ds read enough | head -1; echo "\${PIPESTATUS[*]}"`,
      { env: server.env },
    )
    expect({ stdout, stderr }).toEqual({ stdout: '1\n0 0\n', stderr: '' })
  })

  test('a live read ends quietly, too, when nobody reads it any more', async () => {
    const url = await stream('live-enough', 'text/plain', 'first\n')
    const running = startBash('ds read live-enough --follow | head -1; echo "${PIPESTATUS[*]}"', {
      env: server.env,
    })
    await running.until(({ stdout }) => stdout.includes('first'))
    // Who writes into a pipe learns only by writing that it is closed.
    while (running.process.exitCode === null) {
      await append(url, 'more\n', 'text/plain')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect((await running.ended).stdout).toBe('first\n0 0\n')
  })
})

describe('read --follow', () => {
  test.each(['sse', 'long-poll', 'auto'])(
    'delivers what comes, until the stream is closed (%s)',
    async (mode) => {
      const url = await stream(`follow-${mode}`, 'application/json', '1')
      const running = startDs(['read', `follow-${mode}`, '-f', '--live-mode', mode], { env: server.env })
      await running.until(({ stdout }) => stdout === '1\n')
      await append(url, '2', 'application/json')
      await running.until(({ stdout }) => stdout === '1\n2\n')
      await fetch(url, { method: 'POST', headers: { 'stream-closed': 'true' } })
      const { code, stderr } = await running.ended
      expect(code).toBe(0)
      expect(stderr).toContain('is closed')
    },
  )

  test('with --last it begins near the end, as tail -f does', async () => {
    const url = await stream('tail', 'text/plain', 'a\nb\nc\n')
    const running = startDs(['read', 'tail', '-f', '-n', '1'], { env: server.env })
    await running.until(({ stdout }) => stdout === 'c\n')
    await append(url, 'd\n', 'text/plain')
    await running.until(({ stdout }) => stdout === 'c\nd\n')
  })

  test('ends with 4 when the stream is deleted', async () => {
    const url = await stream('doomed', 'text/plain', 'a')
    const running = startDs(['read', 'doomed', '-f'], { env: server.env })
    await running.until(({ stdout }) => stdout === 'a')
    await fetch(url, { method: 'DELETE' })
    expect((await running.ended).code).toBe(4)
  })

  test('goes on through a restart of the server, without gaps and repeats', async () => {
    const folder = scratchFolder()
    const before = await startServerProcess(folder)
    const url = `${before.url}/restart`
    await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '[1,2]' })
    const running = startDs(['read', url, '--follow'])
    await running.until(({ stdout }) => stdout === '1\n2\n')
    before.running.process.kill('SIGKILL')
    await before.running.ended
    const port = Number(new URL(url).port)
    const after = await startServerProcess(folder, port)
    await append(url, '3', 'application/json')
    await running.until(({ stdout }) => stdout === '1\n2\n3\n')
    await fetch(url, { method: 'POST', headers: { 'stream-closed': 'true' } })
    expect((await running.ended).code).toBe(0)
    expect(after.url).toBe(before.url)
  })

  test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('%s ends it with %i', async (signal, expected) => {
    await stream('signals', 'text/plain', 'a')
    const running = startDs(['read', 'signals', '-f'], { env: server.env })
    await running.until(({ stdout }) => stdout.startsWith('a'))
    running.process.kill(signal)
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: expected, stderr: '' })
  }) // prettier-ignore
})

describe('read --save-offset', () => {
  test('prints only what is new since the last time', async () => {
    const url = await stream('resumed', 'application/json', '[1,2]')
    const file = join(scratchFolder(), 'place')
    const next = (...args: string[]): Promise<RunResult> =>
      run('read', 'resumed', '--save-offset', file, ...args)
    expect((await next()).stdout).toBe('1\n2\n')
    expect((await next()).stdout).toBe('')
    await append(url, '[3,4,5]', 'application/json')
    expect((await next('--limit', '1')).stdout).toBe('3\n')
    expect((await next('--limit', '1')).stdout).toBe('4\n')
    await append(url, '6', 'application/json')
    expect((await next()).stdout).toBe('5\n6\n')
  })

  test('counts bytes where there are no messages', async () => {
    await stream('resumed-bytes', 'text/plain', 'abcdef')
    const file = join(scratchFolder(), 'place')
    const next = (): Promise<RunResult> => run('read', 'resumed-bytes', '--save-offset', file, '--limit', '4')
    expect([(await next()).stdout, (await next()).stdout, (await next()).stdout]).toEqual(['abcd', 'ef', ''])
  })

  test('a file of another stream is refused', async () => {
    await stream('one', 'text/plain', 'a')
    await stream('two', 'text/plain', 'b')
    const file = join(scratchFolder(), 'place')
    await run('read', 'one', '--save-offset', file)
    const { code, stderr } = await run('read', 'two', '--save-offset', file)
    expect(code).toBe(2)
    expect(stderr).toContain('belongs to')
  })

  test('a live read that is stopped and started again prints everything once', async () => {
    const url = await stream('stopped', 'application/json', '0')
    const args = ['read', 'stopped', '--follow', '--save-offset', join(scratchFolder(), 'place')]
    let printed = ''
    let next = 1
    for (let round = 0; round < 4; round++) {
      const running = startDs(args, { env: server.env })
      for (const until = next + 40; next < until; next++) await append(url, String(next), 'application/json')
      await running.until(({ stdout }) => stdout !== '')
      // In the middle of what comes.
      const sending = append(
        url,
        `[${Array.from({ length: 2_000 }, () => next++).join(',')}]`,
        'application/json',
      )
      running.process.kill('SIGINT')
      printed += (await running.ended).stdout
      await sending
    }
    printed += (await run('read', 'stopped', '--save-offset', args.at(-1)!)).stdout
    expect(printed).toBe(Array.from({ length: next }, (_, i) => `${i}\n`).join(''))
  })

  test('with --to it is exact, wherever it is killed', async () => {
    const bytes = randomBytes(12_000_000)
    const parts = Array.from({ length: 120 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000))
    await stream('download', 'application/octet-stream', ...parts)
    const folder = scratchFolder()
    const args = ['read', 'download', '--to', join(folder, 'file'), '--save-offset', join(folder, 'place')]
    let kills = 0
    for (let attempt = 0; ; attempt++) {
      const running = startDs(args, { env: server.env })
      const timer = setTimeout(() => running.process.kill('SIGKILL'), 140 + attempt * 35)
      const { code } = await running.ended
      clearTimeout(timer)
      if (code === 0) break
      kills++
    }
    expect(kills).toBeGreaterThan(0)
    expect(readFileSync(join(folder, 'file')).equals(bytes)).toBe(true)
  })
})
