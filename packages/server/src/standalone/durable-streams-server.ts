import type { AddressInfo, Socket } from 'node:net'
import type { HandlerOptions } from '../http/options.js'
import type { IncomingMessage, Server } from 'node:http'
import type { NodeServerOptions } from '../node/node-server.js'
import type { StreamStore } from '@ds/core'
import { MemoryStore } from '@ds/store-memory'
import { StreamHandler } from '../http/handler.js'
import { answerOn, nodeServerOptions, refineServer } from '../node/node-server.js'
import { createNodeListener } from '../node/node-listener.js'
import { PipelinedResponses } from '../node/pipelined-responses.js'
import { Server as NetServer } from 'node:net'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { mountHandler } from '../hono/hono-app.js'
import { nodeRuntime } from '../node/node-runtime.js'
import { settleChoice, settleNumbers } from '@ds/core'

/** What a standalone server can be told besides what its handler can. */
export interface ServerOptions extends Omit<HandlerOptions, 'store'>, NodeServerOptions {
  /** Default: a new {@link MemoryStore}, which the server then closes when it stops. */
  readonly store?: StreamStore
  /** Default 4437; 0 for any free one. @see PROTOCOL §13.1 */
  readonly port?: number
  /** Default `127.0.0.1`; `0.0.0.0` for all addresses. */
  readonly host?: string
  /** Default `node`, the faster one. Both behave the same. */
  readonly binding?: 'node' | 'hono'
  /** Connections at a time; more are closed at once. Default 100,000. */
  readonly maxConnections?: number
  /** How long `stop` waits for what was begun. Default 10 s. */
  readonly stopTimeoutMs?: number
}

const BOUNDS = { maxConnections: 100_000, stopTimeoutMs: 10_000 }

/** How often a stopping server looks for connections that have become idle. */
const CLOSE_IDLE_MS = 20
/** How long a stopping server waits for requests of which only a part of the head has come. */
const CLOSE_UNBEGUN_MS = 1_000

/** A standalone Durable Streams server on node:http. */
export class DurableStreamsServer {
  readonly handler: StreamHandler
  readonly #options: ServerOptions
  readonly #bounds: typeof BOUNDS
  readonly #isHono: boolean
  readonly #server: Server
  readonly #store: StreamStore
  readonly #sockets = new Set<Socket>()
  #stopping: Promise<void> | null = null

  constructor(options: ServerOptions = {}) {
    this.#options = options
    this.#bounds = settleNumbers(options, BOUNDS, ['stopTimeoutMs'])
    this.#isHono = settleChoice('binding', options.binding, ['node', 'hono']) === 'hono'
    this.#store = options.store ?? new MemoryStore()
    this.handler = new StreamHandler({ ...options, store: this.#store }, nodeRuntime)
    this.#server = this.#createServer()
  }

  /** `http://host:port` of the listening server. */
  get url(): string {
    const address = this.#server.address() as AddressInfo | null
    if (address === null) throw new Error('the server is not listening')
    const host = this.#options.host ?? '127.0.0.1'
    return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
  }

  /** Starts to listen; resolves to {@link url}. Rejects when the address cannot be had. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port ?? 4437, this.#options.host ?? '127.0.0.1', () => {
        this.#server.off('error', reject)
        this.handler.start()
        resolve()
      })
    })
    return this.url
  }

  /**
   * Stops in good order: no new connections, live reads end where clients can resume, writes that were begun are
   * finished. What is not done by the deadline is cut off. Repeated calls wait for the same end.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // A node:http server would close what is idle at this moment, even if a request is already on its way there.
    const closed = new Promise<void>((resolve) => stopListening(this.#server, resolve))
    const closeIdle = setInterval(() => this.#closeIdleConnections(), CLOSE_IDLE_MS)
    const closeUnbegun = setTimeout(() => this.#closeUnbegunConnections(), CLOSE_UNBEGUN_MS)
    let deadline: NodeJS.Timeout | undefined
    const timeIsUp = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, this.#bounds.stopTimeoutMs)
    })
    await Promise.race([Promise.all([this.handler.close(), closed]), timeIsUp])
    this.#server.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    clearTimeout(deadline)
    clearTimeout(closeUnbegun)
    clearInterval(closeIdle)
    if (this.#options.store === undefined) await this.#store.close()
  }

  /** Closes those that wait for their next request, and those that never sent anything, which Node leaves open. */
  #closeIdleConnections(): void {
    this.#server.closeIdleConnections()
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
  }

  #closeUnbegunConnections(): void {
    for (const socket of this.#sockets) if (answerOn(socket) === null) socket.destroy()
  }

  #createServer(): Server {
    const server = createServer(nodeServerOptions(this.#options))
    server.maxConnections = this.#bounds.maxConnections
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true)
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    refineServer(server, this.handler)
    // A connection ends with the first answer that it gets during a stop, so that its client asks elsewhere.
    server.on('request', (_message, response) => {
      if (this.#stopping !== null) response.shouldKeepAlive = false
    })
    server.on('request', this.#createListener())
    return server
  }

  #createListener(): ReturnType<typeof createNodeListener> {
    if (!this.#isHono) return createNodeListener(this.handler)
    const { fetch } = mountHandler(this.handler)
    const listener = getRequestListener(fetch)
    const plainListener = createNodeListener(this.handler)
    const pipelined = new PipelinedResponses(this.handler.settings.maxPipelined)
    const answer = pipelined.inTurn((message, response) => void listener(message, response))
    return (message, response) => {
      if (fitsRequest(message)) answer(message, response)
      else plainListener(message, response)
    }
  }
}

const PLAIN_HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** Whether a Request can express what came; its constructor would throw for a target that is no URL. */
function fitsRequest({ headers: { host }, url }: IncomingMessage): boolean {
  if (host === undefined || url?.startsWith('/') !== true || url.includes('\\')) return false
  return PLAIN_HOST.test(host) && URL.canParse(`http://${host}${url}`)
}

/** Takes no more connections, and leaves those that there are alone. */
function stopListening(server: Server, whenClosed: () => void): void {
  NetServer.prototype.close.call(server, whenClosed)
}

/** Makes a standalone server; call its `start`. */
export function createDurableStreamsServer(options: ServerOptions = {}): DurableStreamsServer {
  return new DurableStreamsServer(options)
}
