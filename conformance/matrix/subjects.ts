import type { StreamStore } from '@ds/core'
import { DurableStreamsServer, createHonoApp, nodeRuntime } from '@ds/server'
import { FileStore } from '@ds/store-file'
import { LmdbStore } from '@ds/store-lmdb'
import { MemoryStore } from '@ds/store-memory'
import { RestartingFileStore } from './restarting-file-store.js'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { openRedisClusterStore, openRedisStore, startRedisNodes } from './redis-nodes.js'
import { tmpdir } from 'node:os'

/** A store under test, and what removes all that it leaves behind. */
interface OpenedStore {
  readonly store: StreamStore
  readonly remove?: () => void
  /** Opens the store again where it was, after a close; absent where nothing outlives the process. */
  readonly reopen?: () => Promise<StreamStore>
}

/** The stores that every case runs on; a new store adds one line. */
export const STORES: Readonly<Record<string, () => OpenedStore | Promise<OpenedStore>>> = {
  memory: () => ({ store: new MemoryStore() }),
  file: () => openIn((directory) => FileStore.open(directory)),
  lmdb: () => openIn((directory) => LmdbStore.open(directory)),
  'file-restarting': async () => ({ store: await RestartingFileStore.open() }),
  redis: openRedisStore,
  'redis-cluster': openRedisClusterStore,
}

/** Those of them that keep their data and have `reopen`: the cases that restart the server run on them. */
export const RESTARTABLE: readonly string[] = ['file', 'lmdb', 'redis']

/** Opens a store in a directory of its own. */
async function openIn(open: (directory: string) => Promise<StreamStore>): Promise<OpenedStore> {
  const directory = mkdtempSync(join(tmpdir(), 'ds-matrix-'))
  return {
    store: await open(directory),
    remove: () => rmSync(directory, { recursive: true }),
    reopen: () => open(directory),
  }
}

/** How a handler is reached: as a function, or over a socket through one of the two bindings. */
export type Binding = 'fetch' | 'hono' | 'node'

export const BINDINGS: readonly Binding[] = ['fetch', 'hono', 'node']

/** A server under test. */
export interface Subject {
  readonly baseUrl: string
  readonly fetch: typeof fetch
  /** Stops the server and its store, and starts both again on the same address and data. */
  readonly restart?: () => Promise<void>
  stop(): Promise<void>
}

export const LONG_POLL_TIMEOUT_MS = 800

const IN_PROCESS_ORIGIN = 'http://in-process.test'
const networkFetch = globalThis.fetch

/** What some cases need to be short. */
export interface SubjectLimits {
  readonly longPollTimeoutMs?: number
  readonly sseRecycleMs?: number
  readonly maxBodyBytes?: number
}

/** The receivers of the cases' webhooks are on this machine. */
const SUBSCRIPTIONS = { subscriptions: { webhooks: { development: true } } } as const

/** Starts a subject of the matrix. */
export async function startSubject(
  storeName: string,
  binding: Binding,
  special: SubjectLimits = {},
): Promise<Subject> {
  const limits = { ...SUBSCRIPTIONS, ...special }
  if (storeName === 'redis-3') return startRedisNodes(limits, LONG_POLL_TIMEOUT_MS)
  const { store, remove, reopen } = await STORES[storeName]!()
  const serve = binding === 'fetch' ? serveInProcess : serveOnSocket(binding)
  let current = store
  let served = await serve(store, limits)
  const stop = async (): Promise<void> => {
    await served.stop()
    await current.close()
  }
  return {
    baseUrl: served.baseUrl,
    fetch: (input, init) => served.fetch(input, init),
    ...(reopen === undefined
      ? {}
      : {
          async restart() {
            await stop()
            current = await reopen()
            served = await serve(current, limits, served.baseUrl)
          },
        }),
    async stop() {
      await stop()
      remove?.()
    },
  }
}

type Serve = (store: StreamStore, limits: SubjectLimits, baseUrl?: string) => Promise<Subject>

const serveInProcess: Serve = (store, limits) => {
  const { app, handler } = createHonoApp(
    { store, longPollTimeoutMs: LONG_POLL_TIMEOUT_MS, ...limits },
    nodeRuntime,
  )
  return Promise.resolve({
    baseUrl: IN_PROCESS_ORIGIN,
    fetch: (input, init) => fetchInProcess(app, new Request(input, init)),
    stop: () => handler.close(),
  })
}

const serveOnSocket =
  (binding: 'hono' | 'node'): Serve =>
  async (store, limits, baseUrl) => {
    const server = new DurableStreamsServer({
      store,
      longPollTimeoutMs: LONG_POLL_TIMEOUT_MS,
      ...limits,
      binding,
      port: baseUrl === undefined ? 0 : Number(new URL(baseUrl).port),
      host: '127.0.0.1',
      stopTimeoutMs: 500,
    })
    return { baseUrl: await server.start(), fetch: networkFetch, stop: () => server.stop() }
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
