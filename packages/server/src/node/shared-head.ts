import type { Server, ServerResponse } from 'node:http'

/** Where node:http keeps a head until it is sent. */
interface KeepsHead {
  _header?: unknown
}

const END_OF_HEAD = '\r\n\r\n'

/**
 * Heads of answers without a body that are sent at the same moment. node:http looks at every header of every answer, for
 * as long as a memory store takes to append; but what it adds behind an answer's own headers (the date, that the
 * connection is kept) is the same for all answers of a moment whose clients are alike. So that is learned from the
 * first one. Should node:http no longer keep a head where it is put here, each is made by itself. What the headers say is not
 * looked at again: it comes from the handler, which lets no line breaks through.
 */
export class SharedHead {
  #server: Server | null = null
  #statusLine = ''
  #status = 0
  /** What node:http put behind the headers; empty while that is not known. */
  #rest = ''

  /** Writes the head of an answer that has no body. */
  write(status: number, headers: string[], response: ServerResponse): void {
    if (!this.#writeAlike(status, headers, response)) this.#writeFirst(status, headers, response)
  }

  #writeAlike(status: number, headers: string[], response: ServerResponse): boolean {
    if (this.#rest === '' || status !== this.#status || !isPlain(response)) return false
    if (serverOf(response) !== this.#server) return false
    let head = this.#statusLine
    for (let i = 0; i < headers.length; i += 2) head += `${headers[i]!}: ${headers[i + 1]!}\r\n`
    response.statusCode = status
    ;(response as KeepsHead)._header = head + this.#rest
    return response.headersSent
  }

  #writeFirst(status: number, headers: string[], response: ServerResponse): void {
    response.writeHead(status, headers)
    const head = (response as KeepsHead)._header
    const server = serverOf(response)
    if (server === null || !isPlain(response)) return
    if (typeof head !== 'string' || !head.endsWith(END_OF_HEAD)) return
    const own = headers.length === 0 ? null : `\r\n${headers.at(-2)!}: ${headers.at(-1)!}\r\n`
    const at = own === null ? -1 : head.indexOf(own)
    if (at === -1) return
    this.#status = status
    this.#server = server
    this.#statusLine = head.slice(0, head.indexOf('\r\n') + 2)
    this.#rest = head.slice(at + own!.length)
  }
}

/** Whether its client speaks HTTP/1.1 and keeps the connection, as nearly all do, and nobody has added to it. */
function isPlain(response: ServerResponse): boolean {
  const { req, sendDate, shouldKeepAlive } = response
  return shouldKeepAlive && sendDate && req.httpVersionMinor === 1 && response.getHeaderNames().length === 0
}

/** The server, unless it counts requests: then not all answers say the same of their connection. */
function serverOf(response: ServerResponse): Server | null {
  const server = (response.socket as { server?: Server } | null)?.server
  return server?.maxRequestsPerSocket === 0 ? server : null
}
