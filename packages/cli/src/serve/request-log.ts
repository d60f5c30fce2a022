import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatMs } from '../terminal/quantities.js'
import type { Paint } from '../terminal/paint.js'

const CHANNEL = 'http.server.request.start'

/**
 * Tells of every request that this process answers: when it is done, and of live reads also when they begin. Node
 * itself announces them, so the server needs not know. Returns how to end it.
 */
export function logRequests(say: (line: string) => void, paint: Paint): () => void {
  const onRequest = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    const startedAt = performance.now()
    const line = `${(request.method ?? '?').padEnd(6)} ${request.url ?? ''}`
    if (/[?&]live=/.test(request.url ?? '')) say(`${timeOfDay()}  ${paint.quiet('...')}  ${line}`)
    response.once('close', () => {
      const took = formatMs(performance.now() - startedAt)
      const length = Number(response.getHeader('content-length') ?? 0)
      const size = length > 0 ? `, ${length} bytes` : ''
      say(`${timeOfDay()}  ${statusOf(response, paint)}  ${line} ${paint.quiet(`(${took}${size})`)}`)
    })
  }
  subscribe(CHANNEL, onRequest)
  return () => void unsubscribe(CHANNEL, onRequest)
}

function statusOf(response: ServerResponse, paint: Paint): string {
  if (!response.headersSent) return paint.warn('---')
  const status = String(response.statusCode)
  return response.statusCode >= 500
    ? paint.bad(status)
    : response.statusCode >= 400
      ? paint.warn(status)
      : paint.good(status)
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8)
}
