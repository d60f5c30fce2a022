import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { request as send, type RequestListener } from 'node:http'
import { ds, startDs } from './run-ds.test-kit.js'
import { startPlainServer, startTestServer, unusedPort, type TestServer } from './servers.test-kit.js'

let server: TestServer
beforeAll(async () => (server = await startTestServer()))
afterAll(() => server.stop())

interface Diagnosis {
  readonly failed: number
  readonly findings: readonly { readonly check: string; readonly verdict: string; readonly found: string }[]
}

async function diagnose(url: string): Promise<{ code: number | null; verdicts: Record<string, string> }> {
  const { code, stdout } = await ds(['doctor', '--url', url, '-o', 'json', '--timeout', '2s'])
  const { findings } = JSON.parse(stdout) as Diagnosis
  return { code, verdicts: Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict])) }
}

describe('doctor', () => {
  test('finds a good server good, and leaves nothing behind', async () => {
    const { code, verdicts } = await diagnose(server.url)
    expect(code).toBe(0)
    expect(verdicts).toEqual({
      reachable: 'ok', clock: 'ok', tls: 'skip', health: 'warn', create: 'ok', append: 'ok', producer: 'ok',
      caching: 'ok', cors: 'ok', 'long-poll': 'ok', sse: 'ok',
    }) // prettier-ignore
    expect(await server.server.handler.engine.store.list('ds-doctor', '', 10)).toEqual([])
  })

  test('sees a proxy that buffers events, a cache that ignores the query, and lost headers', async () => {
    const cached = new Map<string, { status: number; headers: Record<string, string>; body: Buffer }>()
    const url = await startPlainServer(
      proxyTo(server.url, {
        key: (path) => path.replace(/&?(live|cursor)=[^&]*/g, '').replace(/\?.*/, '?'),
        cache: cached,
      }),
    )
    const { code, verdicts } = await diagnose(url)
    expect(code).toBe(1)
    expect(verdicts).toMatchObject({
      reachable: 'ok',
      create: 'warn',
      append: 'fail',
      caching: 'fail',
      sse: 'fail',
    })
  })

  test('tells apart: nobody there, no streams there, no access', async () => {
    const nobody = await ds(['doctor', '--url', `http://127.0.0.1:${await unusedPort()}`])
    expect(nobody.code).toBe(3)
    expect(nobody.stdout).toContain('nothing listens there')
    const website = await startPlainServer((_request, response) => void response.writeHead(404).end('<html>'))
    const wrong = await ds(['doctor', '--url', website])
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toContain('no streams live at')
    const guarded = await startPlainServer((_request, response) => void response.writeHead(401).end())
    const denied = await ds(['doctor', '--url', guarded])
    expect(denied.stdout).toContain('--auth')
  })
})

describe('bench', () => {
  test('measures appends, delivery and fan-out, and leaves nothing behind', async () => {
    const { code, stdout } = await ds(['bench', '--duration', '300ms', '--readers', '5', '-o', 'json'], {
      env: server.env,
    })
    expect(code).toBe(0)
    const { appends, delivery, fanOut } = JSON.parse(stdout) as Record<string, Record<string, number>>
    expect(appends!['appends']).toBeGreaterThan(10)
    expect(delivery!['p50']).toBeGreaterThan(0)
    expect(fanOut!['deliveries']! % 5).toBe(0)
    expect(await server.server.handler.engine.store.list('ds-bench', '', 10)).toEqual([])
  })

  test('stopped in the middle it deletes its stream', async () => {
    const running = startDs(['bench', '--duration', '20s'], { env: server.env })
    await running.until(({ stderr }) => stderr.includes('measuring'))
    running.process.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    expect(await server.server.handler.engine.store.list('ds-bench', '', 10)).toEqual([])
  })

  test('no server there is no mystery', async () => {
    const { code, stderr } = await ds(['bench', '--url', `http://127.0.0.1:${await unusedPort()}`])
    expect(code).toBe(3)
    expect(stderr).toContain('ds dev')
  })
})

/** A proxy as bad as they come: it caches by a part of the URL, waits for whole bodies, and drops a header. */
function proxyTo(
  target: string,
  {
    key,
    cache,
  }: {
    key: (path: string) => string
    cache: Map<string, { status: number; headers: Record<string, string>; body: Buffer }>
  },
): RequestListener {
  return (request, response) => {
    const path = key(request.url!)
    const known = request.method === 'GET' ? cache.get(path) : undefined
    if (known !== undefined && !request.url!.includes('live=')) {
      response.writeHead(known.status, known.headers).end(known.body)
      return
    }
    const headers = { ...request.headers, host: new URL(target).host }
    const forwarded = send(`${target}${request.url!}`, { method: request.method!, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const kept = { ...answer.headers } as Record<string, string>
        delete kept['stream-up-to-date']
        const entry = { status: answer.statusCode!, headers: kept, body: Buffer.concat(chunks) }
        if (request.method === 'GET' && answer.statusCode === 200) cache.set(path, entry)
        response.writeHead(entry.status, kept).end(entry.body)
      })
    })
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    request.pipe(forwarded)
  }
}
