import type { Socket } from 'node:net'
import type { WireResponse, WireResponses } from './wire-response.js'
import { connect } from 'node:net'
import { parseResponses, scanChunks } from './wire-response.js'

/** How long anything that must happen may take, in milliseconds. */
const PATIENCE_MS = 4_000

/** A TCP connection that sends what no HTTP client would, and keeps what comes back. */
export class RawConnection {
  readonly socket: Socket
  readonly closed: Promise<void>
  isClosed = false
  readonly #sentHeads: boolean[] = []
  readonly #chunks: Buffer[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk)
      for (const check of this.#waiting) check()
    })
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true
        for (const check of this.#waiting) check()
        resolve()
      })
    })
  }

  /** Connects; a `paused` one reads nothing before its socket is resumed. */
  static open(port: number, options: { readonly paused?: boolean } = {}): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        const connection = new RawConnection(socket)
        if (options.paused === true) socket.pause()
        resolve(connection)
      })
    })
  }

  /** Sends bytes; text is taken as Latin-1, so that every byte can be written. */
  send(bytes: string | Uint8Array): this {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
    this.#sentHeads.push(buffer.subarray(0, 5).toString('latin1') === 'HEAD ')
    if (!this.isClosed) this.socket.write(buffer)
    return this
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Whether the last bytes that have come are these; it does not look at the others. */
  endsWith(text: string): boolean {
    const last = this.#chunks.slice(-2)
    return Buffer.concat(last).toString('latin1').endsWith(text)
  }

  /** Everything that has come so far, taken apart; throws if it is not HTTP. */
  parse(): WireResponses {
    return parseResponses(this.received, (index) => this.#sentHeads[index] ?? false)
  }

  /** The final response with an index, as soon as it is whole. */
  async response(index = 0): Promise<WireResponse> {
    const final = (): WireResponse | undefined =>
      this.parse().responses.filter(({ status }) => status >= 200)[index]
    await this.until(() => final() !== undefined || this.isClosed, `response ${index}`)
    const found = final()
    if (found === undefined) throw new Error(`closed before response ${index}`)
    return found
  }

  /** The text of the chunked body that is being received. */
  get liveText(): string {
    const bytes = this.received
    const headEnd = bytes.indexOf('\r\n\r\n')
    if (headEnd === -1) return ''
    return Buffer.concat(scanChunks(bytes.subarray(headEnd + 4)).chunks).toString('utf8')
  }

  /** Whether the chunked body that is being received has come to its end. */
  get hasEnded(): boolean {
    const bytes = this.received
    const headEnd = bytes.indexOf('\r\n\r\n')
    return headEnd !== -1 && scanChunks(bytes.subarray(headEnd + 4)).isComplete
  }

  /** Resolves when something that has come, or the end of the connection, makes `isTrue` true. */
  until(isTrue: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (act: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        act()
      }
      const check = (): void => {
        try {
          if (isTrue()) leave(resolve)
        } catch (error) {
          leave(() => reject(new Error(`what came is no HTTP: ${String(error)}`, { cause: error })))
        }
      }
      const timer = setTimeout(() => {
        const { length } = this.received
        const text = this.received.toString('latin1', Math.max(0, length - 500))
        leave(() => reject(new Error(`${what} did not come; received ${length} bytes, at last ${text}`)))
      }, PATIENCE_MS)
      this.#waiting.add(check)
      check()
    })
  }

  /** Says that nothing more will be sent, and waits for the other side to close. */
  async finish(): Promise<void> {
    this.socket.end()
    this.socket.resume()
    await this.until(() => this.isClosed, 'the end of the connection')
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** A request's text with a Host header, and a Content-Length when it has a body. */
export function formatRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const all = {
    Host: 'localhost',
    ...(body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body, 'latin1')) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
