/**
 * A minimal HTTP/1.1 response parser for a raw socket: Content-Length and chunked bodies, one response
 * after another. It hands on body bytes without copying them, so that the client stays cheaper than any
 * server under test.
 */
export class ResponseParser {
  #state = 'status'
  #line = ''
  #response = null
  #bytesLeft = 0
  #onBody
  #onComplete

  constructor({ onBody, onComplete }) {
    this.#onBody = onBody
    this.#onComplete = onComplete
  }

  push(chunk) {
    let at = 0
    while (at < chunk.length) {
      const inBody = this.#state === 'fixed' || this.#state === 'chunk'
      at = inBody ? this.#takeBody(chunk, at) : this.#takeLine(chunk, at)
    }
  }

  #takeBody(chunk, at) {
    const end = Math.min(chunk.length, at + this.#bytesLeft)
    this.#bytesLeft -= end - at
    this.#response.bodyBytes += end - at
    this.#onBody(chunk.subarray(at, end))
    if (this.#bytesLeft === 0) {
      if (this.#state === 'fixed') this.#complete()
      else this.#state = 'chunk-end'
    }
    return end
  }

  #takeLine(chunk, at) {
    const newline = chunk.indexOf(10, at)
    if (newline === -1) {
      this.#line += chunk.latin1Slice(at, chunk.length)
      return chunk.length
    }
    const line = this.#line + chunk.latin1Slice(at, newline)
    this.#line = ''
    this.#endLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    return newline + 1
  }

  #endLine(line) {
    switch (this.#state) {
      case 'status':
        this.#response = { status: Number(line.split(' ')[1]), headers: {}, bodyBytes: 0 }
        this.#state = 'header'
        break
      case 'header':
        if (line === '') this.#endHead()
        else this.#addHeader(line)
        break
      case 'chunk-size':
        this.#bytesLeft = Number.parseInt(line, 16)
        this.#state = this.#bytesLeft === 0 ? 'trailer' : 'chunk'
        break
      case 'chunk-end':
        this.#state = 'chunk-size'
        break
      case 'trailer':
        if (line === '') this.#complete()
        break
    }
  }

  #addHeader(line) {
    const colon = line.indexOf(':')
    this.#response.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }

  #endHead() {
    const { status, headers } = this.#response
    const length = headers['content-length']
    const isBodyless = status === 204 || status === 304
    if (!isBodyless && headers['transfer-encoding'] === 'chunked') this.#state = 'chunk-size'
    else if (isBodyless || length === '0') this.#complete()
    else if (length === undefined) throw new Error(`a ${status} response without a length`)
    else {
      this.#bytesLeft = Number(length)
      this.#state = 'fixed'
    }
  }

  #complete() {
    const response = this.#response
    this.#response = null
    this.#state = 'status'
    this.#onComplete(response)
  }
}
