import type { StreamLifecycleHook } from '../http/options.js'
import type { StreamStore } from '@ds/core'
import { DurableStreamsServer } from './durable-streams-server.js'
import { FileStore } from '@ds/store-file'
import { MemoryStore } from '@ds/store-memory'

/** The options of the reference's test server that have a meaning here. */
export interface TestServerOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Keeps streams in this directory, so that they survive a restart. Default: in memory. */
  readonly dataDir?: string
  /** How long a long-poll waits, in milliseconds. Default 30,000. */
  readonly longPollTimeout?: number
  /** Called after a stream was created. */
  readonly onStreamCreated?: StreamLifecycleHook
  /** Called after a stream was deleted by a client. */
  readonly onStreamDeleted?: StreamLifecycleHook
  /** Whether responses are compressed for those who ask. Default true. */
  readonly compression?: boolean
}

/**
 * A server for tests, with the names of the reference implementation's, so that test set-ups move over by a change
 * of import. It is the same server as {@link DurableStreamsServer}.
 */
export class DurableStreamTestServer {
  readonly #options: TestServerOptions
  #running: { readonly store: StreamStore; readonly server: DurableStreamsServer } | null = null

  constructor(options: TestServerOptions = {}) {
    this.#options = options
  }

  /** Starts to listen; resolves to the URL. */
  async start(): Promise<string> {
    const { dataDir, longPollTimeout, compression, onStreamCreated, onStreamDeleted, port, host } =
      this.#options
    const store = dataDir === undefined ? new MemoryStore() : await FileStore.open(dataDir)
    const server = new DurableStreamsServer({
      store,
      port: port ?? 0,
      host: host ?? '127.0.0.1',
      stopTimeoutMs: 1_000,
      subscriptions: { webhooks: { development: true } },
      ...(longPollTimeout === undefined ? {} : { longPollTimeoutMs: longPollTimeout }),
      ...(compression === false ? { compressFromBytes: 0 } : {}),
      ...(onStreamCreated === undefined ? {} : { onStreamCreated }),
      ...(onStreamDeleted === undefined ? {} : { onStreamDeleted }),
    })
    try {
      const url = await server.start()
      this.#running = { store, server }
      return url
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    if (this.#running === null) return
    const { store, server } = this.#running
    this.#running = null
    await server.stop()
    await store.close()
  }

  /** Where the streams are, once started. */
  get store(): StreamStore {
    return this.#started().store
  }

  /** `http://host:port`, once started. */
  get url(): string {
    return this.#started().server.url
  }

  /** The same as {@link url}. */
  get baseUrl(): string {
    return this.url
  }

  /** Deletes every stream; sources go with the last of their forks. */
  async clear(): Promise<void> {
    const { store, server } = this.#started()
    let after = ''
    for (;;) {
      const paths = await store.list('', after, 1_000)
      for (const path of paths) await server.handler.engine.delete(path)
      if (paths.length === 0) return
      after = paths.at(-1)!
    }
  }

  #started(): { readonly store: StreamStore; readonly server: DurableStreamsServer } {
    if (this.#running === null) throw new Error('the server is not started')
    return this.#running
  }
}
