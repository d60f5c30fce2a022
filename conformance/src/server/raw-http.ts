import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Exchange, type SentRequest } from './exchange.js'

const RAW_WAIT_MS = 5000

/** What to write to a socket, and what to do then. */
export interface RawScript {
  /** Written as it is. */
  readonly payload: string | Uint8Array
  /** `cut` destroys the connection once the payload is written and reads nothing. */
  readonly then?: 'read' | 'cut'
}

/** Speaks to the server below the level at which HTTP clients tidy up requests. */
export async function exchangeRaw(baseUrl: URL, script: RawScript, signal: AbortSignal): Promise<Uint8Array> {
  const socket = openSocket(baseUrl)
  const stop = (): void => void socket.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await converse(socket, script)
  } finally {
    signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}

function openSocket(baseUrl: URL): Socket {
  const host = baseUrl.hostname.replace(/^\[|\]$/g, '')
  if (baseUrl.protocol === 'https:')
    return connectTls({ host, port: Number(baseUrl.port || 443), servername: host })
  return connectTcp({ host, port: Number(baseUrl.port || 80) })
}

function converse(socket: Socket, { payload, then }: RawScript): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    const finish = (): void => resolve(Buffer.concat(chunks))
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    socket.on('end', finish)
    socket.on('close', finish)
    socket.on('error', (error) => (chunks.length > 0 || then === 'cut' ? finish() : reject(error)))
    socket.setTimeout(RAW_WAIT_MS, finish)
    socket.write(payload, () => {
      // The bytes must have left before the reset, or the server sees no request at all.
      if (then === 'cut') setTimeout(() => socket.destroy(), 60)
    })
  })
}

/** Splits what came over one connection into its responses, interim ones included. */
export function parseResponses(request: SentRequest, received: Uint8Array, elapsedMs: number): Exchange[] {
  const exchanges: Exchange[] = []
  let rest = Buffer.from(received)
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) return exchanges
    const [statusLine = '', ...fields] = rest.subarray(0, headEnd).toString('latin1').split('\r\n')
    const status = Number(statusLine.split(' ')[1])
    const headers = new Headers()
    for (const field of fields) {
      const colon = field.indexOf(':')
      if (colon > 0) headers.append(field.slice(0, colon), field.slice(colon + 1).trim())
    }
    const { bytes, rest: after } = takeBody(rest.subarray(headEnd + 4), status, headers, request.method)
    exchanges.push(new Exchange(request, { status, headers, bytes, elapsedMs }))
    rest = Buffer.from(after)
  }
}

function takeBody(
  rest: Buffer,
  status: number,
  headers: Headers,
  method: string,
): { readonly bytes: Uint8Array; readonly rest: Uint8Array } {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD')
    return { bytes: new Uint8Array(), rest }
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return takeChunks(rest)
  const length = Number(headers.get('content-length') ?? rest.length)
  return { bytes: rest.subarray(0, length), rest: rest.subarray(length) }
}

function takeChunks(rest: Buffer): { readonly bytes: Uint8Array; readonly rest: Uint8Array } {
  const chunks: Uint8Array[] = []
  let position = 0
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', position)
    if (lineEnd === -1) break
    const size = Number.parseInt(rest.subarray(position, lineEnd).toString('latin1'), 16)
    position = lineEnd + 2
    if (!(size > 0)) {
      position += 2
      break
    }
    chunks.push(rest.subarray(position, position + size))
    position += size + 2
  }
  return { bytes: Buffer.concat(chunks), rest: rest.subarray(position) }
}
