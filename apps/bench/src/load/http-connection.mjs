import { once } from 'node:events'
import { connect } from 'node:net'
import { ResponseParser } from './response-parser.mjs'

const IDLE_LIMIT_MS = 25_000

/** The bytes of a request; a string body is sent as UTF-8. */
export function formatRequest(method, path, headers = {}, body = '') {
  const payload = Buffer.from(body)
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1']
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (method !== 'GET') lines.push(`Content-Length: ${payload.length}`)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), payload])
}

/** One keep-alive connection to a subject on the loopback interface, one request at a time. */
export class HttpConnection {
  #socket
  #pending = null
  #onBody = ignore

  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new HttpConnection(socket)
  }

  constructor(socket) {
    this.#socket = socket
    const parser = new ResponseParser({
      onBody: (bytes) => this.#onBody(bytes),
      onComplete: (response) => this.#settle('resolve', response),
    })
    socket.on('data', (chunk) => parser.push(chunk))
    socket.setTimeout(IDLE_LIMIT_MS, () => socket.destroy(new Error('no answer in time')))
    socket.on('error', (error) => this.#settle('reject', error))
    socket.on('close', () => this.#settle('reject', new Error('connection closed')))
  }

  /** Sends the bytes of a request; resolves with `{ status, headers, bodyBytes }`. */
  request(bytes, onBody = ignore) {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
      this.#onBody = onBody
      this.#socket.write(bytes)
    })
  }

  close() {
    this.#socket.destroy()
  }

  #settle(how, value) {
    const pending = this.#pending
    this.#pending = null
    pending?.[how](value)
  }
}

/** Throws unless a request that only prepares a row was accepted. */
export function requireSuccess(response, what) {
  if (response.status >= 200 && response.status < 300) return response
  throw new Error(`${what} was answered ${response.status}`)
}

function ignore() {
  // The body is counted by the parser; nobody wants its bytes.
}
