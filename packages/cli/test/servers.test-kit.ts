import { createDurableStreamsServer, type DurableStreamsServer } from '@ds/server'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { startDs, type Running } from './run-ds.test-kit.js'

/** A server in this process, with its streams in memory. */
export interface TestServer {
  readonly url: string
  /** The environment in which commands find it. */
  readonly env: { readonly STREAM_URL: string }
  readonly server: DurableStreamsServer
  /** What the server holds, read over HTTP. */
  read(name: string): Promise<string>
  stop(): Promise<void>
}

export async function startTestServer(): Promise<TestServer> {
  const server = createDurableStreamsServer({ port: 0, stopTimeoutMs: 100, longPollTimeoutMs: 2_000 })
  const url = await server.start()
  return {
    url,
    server,
    env: { STREAM_URL: url },
    read: async (name) => (await fetch(`${url}/v1/stream/${name}`)).text(),
    stop: () => server.stop(),
  }
}

/** `ds serve` on a folder, which can be killed and started again on the same port. */
export interface ServerProcess {
  readonly url: string
  readonly running: Running
}

export async function startServerProcess(
  folder: string,
  port = 0,
  ...args: string[]
): Promise<ServerProcess> {
  const running = startDs(['serve', '--dir', folder, '--port', String(port), '--output', 'json', ...args])
  await running.until(({ stdout }) => stdout.includes('\n'))
  const { url } = JSON.parse(running.output.stdout) as { url: string }
  return { url, running }
}

/** Any other server, for what a server must not be; resolves to its address. */
export async function startPlainServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A port on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
