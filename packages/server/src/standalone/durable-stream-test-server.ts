import type { StreamLifecycleHook } from '../http/options.js'
import { DurableStreamsServer } from './durable-streams-server.js'
import { MemoryStore } from '@ds/store-memory'

/** The options of the reference's test server that have a meaning here. */
export interface TestServerOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
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
  readonly store: MemoryStore = new MemoryStore()
  readonly #server: DurableStreamsServer

  constructor(options: TestServerOptions = {}) {
    const { longPollTimeout, compression, onStreamCreated, onStreamDeleted } = options
    this.#server = new DurableStreamsServer({
      store: this.store,
      port: options.port ?? 0,
      host: options.host ?? '127.0.0.1',
      stopTimeoutMs: 1_000,
      ...(longPollTimeout === undefined ? {} : { longPollTimeoutMs: longPollTimeout }),
      ...(compression === false ? { compressFromBytes: 0 } : {}),
      ...(onStreamCreated === undefined ? {} : { onStreamCreated }),
      ...(onStreamDeleted === undefined ? {} : { onStreamDeleted }),
    })
  }

  /** Starts to listen; resolves to the URL. */
  start(): Promise<string> {
    return this.#server.start()
  }

  async stop(): Promise<void> {
    await this.#server.stop()
  }

  /** `http://host:port`, once started. */
  get url(): string {
    return this.#server.url
  }

  /** The same as {@link url}. */
  get baseUrl(): string {
    return this.#server.url
  }

  /** Deletes every stream; sources go with the last of their forks. */
  async clear(): Promise<void> {
    let after = ''
    for (;;) {
      const paths = this.store.list('', after, 1_000)
      for (const path of paths) await this.#server.handler.engine.delete(path)
      if (paths.length === 0) return
      after = paths.at(-1)!
    }
  }
}
