import type { StreamStore } from '@ds/core'
import { DurableStreamsServer, createHonoApp, nodeRuntime } from '@ds/server'
import { FileStore } from '@ds/store-file'
import { MemoryStore } from '@ds/store-memory'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A store under test, and what removes all that it leaves behind. */
interface OpenedStore {
  readonly store: StreamStore
  readonly remove?: () => void
}

/** The stores that every case runs on; a new store adds one line. */
export const STORES: Readonly<Record<string, () => OpenedStore | Promise<OpenedStore>>> = {
  memory: () => ({ store: new MemoryStore() }),
  file: openFileStore,
}

async function openFileStore(): Promise<OpenedStore> {
  const directory = mkdtempSync(join(tmpdir(), 'ds-matrix-'))
  return {
    store: await FileStore.open(directory),
    remove: () => rmSync(directory, { recursive: true }),
  }
}

/** How a handler is reached: as a function, or over a socket through one of the two bindings. */
export type Binding = 'fetch' | 'hono' | 'node'

export const BINDINGS: readonly Binding[] = ['fetch', 'hono', 'node']

/** A server under test. */
export interface Subject {
  readonly baseUrl: string
  readonly fetch: typeof fetch
  stop(): Promise<void>
}

export const LONG_POLL_TIMEOUT_MS = 800

const IN_PROCESS_ORIGIN = 'http://in-process.test'
const networkFetch = globalThis.fetch

/** What some cases need to be short. */
export interface SubjectLimits {
  readonly sseRecycleMs?: number
  readonly maxBodyBytes?: number
}

/** Starts a subject of the matrix. */
export async function startSubject(
  storeName: string,
  binding: Binding,
  limits: SubjectLimits = {},
): Promise<Subject> {
  const { store, remove } = await STORES[storeName]!()
  const options = { store, longPollTimeoutMs: LONG_POLL_TIMEOUT_MS, ...limits }
  if (binding === 'fetch') {
    const { app, handler } = createHonoApp(options, nodeRuntime)
    return {
      baseUrl: IN_PROCESS_ORIGIN,
      fetch: (input, init) => fetchInProcess(app, new Request(input, init)),
      async stop() {
        await handler.close()
        await store.close()
        remove?.()
      },
    }
  }
  const server = new DurableStreamsServer({
    ...options,
    binding,
    port: 0,
    host: '127.0.0.1',
    stopTimeoutMs: 500,
  })
  return {
    baseUrl: await server.start(),
    fetch: networkFetch,
    async stop() {
      await server.stop()
      await store.close()
      remove?.()
    },
  }
}

/** What a fetch over a network does as well: it rejects when its request is aborted, whatever the server does. */
async function fetchInProcess(
  app: { fetch: (request: Request) => Response | Promise<Response> },
  request: Request,
): Promise<Response> {
  const aborted = new Promise<never>((_resolve, reject) => {
    request.signal.addEventListener('abort', () => reject(request.signal.reason as Error), { once: true })
  })
  return Promise.race([app.fetch(request), aborted])
}
