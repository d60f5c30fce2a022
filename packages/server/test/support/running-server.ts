import type { ServerOptions } from '../../src/index.js'
import type { StreamStore } from '@ds/core'
import { DurableStreamsServer } from '../../src/index.js'
import { MemoryStore } from '@ds/store-memory'
import { RawConnection, formatRequest } from './raw-connection.js'
import { onTestFinished } from 'vitest'

export const BINDINGS = ['node', 'hono'] as const
export type Binding = (typeof BINDINGS)[number]

/** A server on a free port, and what it told of faults. */
export interface RunningServer {
  readonly server: DurableStreamsServer
  readonly store: StreamStore
  readonly port: number
  /** Below which streams live: `http://127.0.0.1:port/v1/stream`. */
  readonly base: string
  readonly faults: unknown[]
  stop(): Promise<void>
}

/** Starts a server that its caller stops. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const faults: unknown[] = []
  const store = options.store ?? new MemoryStore()
  const server = new DurableStreamsServer({
    port: 0,
    stopTimeoutMs: 1_000,
    onFault: (fault) => void faults.push(fault),
    ...options,
    store,
  })
  const url = await server.start()
  return {
    server,
    store,
    port: Number(new URL(url).port),
    base: `${url}/v1/stream`,
    faults,
    stop: () => server.stop(),
  }
}

/** Starts a server that is stopped when the test ends. */
export async function serve(options: ServerOptions = {}): Promise<RunningServer> {
  const running = await startServer(options)
  onTestFinished(() => running.stop())
  return running
}

/** Opens a connection that is cut off when the test ends. */
export async function dial(
  running: RunningServer,
  options: { readonly paused?: boolean } = {},
): Promise<RawConnection> {
  const connection = await RawConnection.open(running.port, options)
  onTestFinished(() => connection.destroy())
  return connection
}

/** Sends one request's bytes over a connection of its own, and waits for the response. */
export async function sendRaw(
  running: RunningServer,
  bytes: string | Uint8Array,
): ReturnType<RawConnection['response']> {
  const connection = await RawConnection.open(running.port)
  try {
    return await connection.send(bytes).response()
  } finally {
    connection.destroy()
  }
}

/** Sends one well-formed request over a connection of its own. */
export function sendRequest(
  running: RunningServer,
  ...request: Parameters<typeof formatRequest>
): ReturnType<RawConnection['response']> {
  return sendRaw(running, formatRequest(...request))
}

/** Creates a text stream with content. */
export async function createStream(
  running: RunningServer,
  path: string,
  content = '',
  contentType = 'text/plain',
): Promise<void> {
  const response = await fetch(`${running.base}/${path}`, {
    method: 'PUT',
    headers: { 'content-type': contentType },
    ...(content === '' ? {} : { body: content }),
  })
  if (response.status !== 201) throw new Error(`PUT ${path}: ${response.status}`)
}

/** Appends text; resolves to the status. */
export async function append(
  running: RunningServer,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(`${running.base}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', ...headers },
    ...(body === '' ? {} : { body }),
  })
  await response.arrayBuffer()
  return response.status
}

/** All of a stream's content, page by page. */
export async function readAll(running: RunningServer, path: string): Promise<Buffer> {
  const pages: Buffer[] = []
  for (let offset = '-1'; ;) {
    const response = await fetch(`${running.base}/${path}?offset=${offset}`)
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status}`)
    pages.push(Buffer.from(await response.arrayBuffer()))
    if (response.headers.get('stream-up-to-date') === 'true') return Buffer.concat(pages)
    offset = response.headers.get('stream-next-offset')!
  }
}

/** Resolves when `isTrue` is, looking again in every turn of the event loop. */
export async function eventually(isTrue: () => boolean, what: string, patienceMs = 10_000): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
