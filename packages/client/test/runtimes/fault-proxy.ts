import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What one client of the proxy has done so far: each case has a name of its own in its URLs. */
interface Session {
  gets: number
  posts: number
  live: number
  cached: { status: number; headers: Record<string, string>; body: Buffer } | null
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': '*, retry-after',
  'access-control-allow-headers':
    'authorization, content-type, producer-id, producer-epoch, producer-seq, stream-closed',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
}

/** `/<fault>/<session>/<path of the server>`: passes requests on and fails in the way that the path names. */
export class FaultProxy {
  readonly #upstream: URL
  readonly #server: Server
  readonly #sessions = new Map<string, Session>()

  constructor(upstream: string) {
    this.#upstream = new URL(upstream)
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined)
    const [, fault, name, path] = /^\/([^/]+)\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? []
    if (fault === undefined || name === undefined || path === undefined)
      return void response.writeHead(404).end()
    if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end()
    const session = this.#sessions.get(name) ?? { gets: 0, posts: 0, live: 0, cached: null }
    this.#sessions.set(name, session)
    if (request.method === 'GET') session.gets++
    if (request.method === 'POST') session.posts++
    if (path.includes('live=')) session.live++
    if (!this.#fails(fault, session, request, response, path))
      this.#pass(fault, session, request, response, path)
  }

  /** Faults instead of an answer. */
  #fails(
    fault: string,
    session: Session,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): boolean {
    switch (fault) {
      case 'drop':
        if (session.gets % 2 === 1) return false
        request.socket.destroy()
        return true
      case 'busy':
        if (session.live !== 1 && session.live !== 3) return false
        response.writeHead(session.live === 1 ? 503 : 429, {
          ...CORS,
          'retry-after': session.live === 1 ? '1' : '0',
        })
        response.end('{"error":{"code":"OVERLOADED","message":"later"}}')
        return true
      case 'expire': {
        const wanted = session.gets > 2 ? 'Bearer 2' : 'Bearer 1'
        if (request.headers.authorization === wanted) return false
        response.writeHead(401, CORS).end()
        return true
      }
      case 'buffer-events':
        if (!path.includes('live=sse')) return false
        response.writeHead(200, { ...CORS, 'content-type': 'text/event-stream' }).flushHeaders()
        return true
      case 'silent':
        return path.includes('live=') && session.live % 2 === 1
      case 'stale':
        if (session.cached === null || session.gets % 2 === 1 || path.includes('cache-buster')) return false
        response.writeHead(session.cached.status, session.cached.headers).end(session.cached.body)
        return true
      default:
        return false
    }
  }

  /** Passes a request on, and its answer back, as it comes. */
  #pass(
    fault: string,
    session: Session,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): void {
    const { hostname, port } = this.#upstream
    const upstream = sendRequest(
      { hostname, port, path, method: request.method, headers: request.headers },
      (answer) => {
        if (fault === 'lose-answers' && request.method === 'POST' && session.posts % 2 === 1) {
          answer.resume().on('end', () => request.socket.destroy())
          return
        }
        const headers = { ...(answer.headers as Record<string, string>), ...CORS }
        if (fault === 'stale' && session.cached === null && request.method === 'GET') {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('end', () => {
            session.cached = { status: answer.statusCode!, headers, body: Buffer.concat(chunks) }
          })
        }
        response.writeHead(answer.statusCode!, headers)
        if (fault === 'cut-events' && path.includes('live=sse') && session.live % 2 === 1) {
          cutBeforeControl(answer, response)
        } else {
          response.flushHeaders()
          answer.pipe(response)
        }
      },
    )
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  }
}

/** Passes the first data event on, and breaks where its control event begins. */
function cutBeforeControl(answer: IncomingMessage, response: ServerResponse): void {
  answer.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1')
    const data = text.indexOf('event: data')
    const control = text.indexOf('event: control', Math.max(data, 0))
    if (data === -1 || control === -1) response.write(chunk)
    else response.write(chunk.subarray(0, control + 9), () => response.destroy())
  })
  answer.on('end', () => response.end())
}
