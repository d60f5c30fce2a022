import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'

/** Stands between a store and Redis, and breaks connections where a test wants it. */
export class TcpProxy {
  /** Sees every piece on its way to Redis, before it is passed on; false cuts the connection instead. */
  onRequest: (piece: Buffer) => boolean = () => true
  /** The same for answers. */
  onReply: (piece: Buffer) => boolean = () => true
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #isRefusing = false

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param target the port of Redis, or what tells it anew for each connection */
  static async start(target: number | (() => number)): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (client: Socket) => {
      proxy.#join(client, connect(typeof target === 'number' ? target : target(), '127.0.0.1'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Cuts every connection; while it is refusing, new ones are cut as well. */
  cut(isRefusing = false): void {
    this.#isRefusing = isRefusing
    for (const [client, target] of this.#pairs) {
      client.destroy()
      target.destroy()
    }
  }

  async stop(): Promise<void> {
    this.cut(true)
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, target: Socket): void {
    if (this.#isRefusing) {
      client.destroy()
      target.destroy()
      return
    }
    const pair = [client, target] as const
    this.#pairs.add(pair)
    const end = (): void => {
      client.destroy()
      target.destroy()
      this.#pairs.delete(pair)
    }
    const pass = (from: Socket, to: Socket, sees: (piece: Buffer) => boolean): void => {
      from.on('data', (piece: Buffer) => {
        if (sees(piece)) to.write(piece)
        else end()
      })
      from.on('error', end)
      from.on('close', end)
    }
    pass(client, target, (piece) => this.onRequest(piece))
    pass(target, client, (piece) => this.onReply(piece))
  }
}
