import { show } from '../server/assertions.js'
import type { Exchange, SentRequest } from '../server/exchange.js'
import { SseConnection } from '../server/sse-connection.js'
import type { ReportedExchange } from './run-report.js'

const MOST_CHARS = 2000

/** What a report keeps of an exchange; of an open SSE response, what has arrived so far. */
export function reportExchange(one: Exchange | SseConnection): ReportedExchange {
  const head = one instanceof SseConnection ? one.head : one
  const received = one instanceof SseConnection ? one.raw : one.bytes
  const responseHeaders: Record<string, string> = {}
  head.headers.forEach((value, name) => (responseHeaders[name] = value))
  return {
    ...reportRequest(head.request),
    status: head.status,
    responseHeaders,
    ...(received.length === 0 ? {} : { responseBody: clip(received) }),
    ...(one instanceof SseConnection ? {} : { elapsedMs: Math.round(head.elapsedMs) }),
  }
}

function reportRequest({
  method,
  target,
  headers,
  body,
}: SentRequest): Pick<ReportedExchange, 'method' | 'target' | 'requestHeaders' | 'requestBody'> {
  const request = { method, target, requestHeaders: headers }
  if (body === undefined) return request
  return { ...request, requestBody: body === 'streamed' ? '<streamed>' : clip(body) }
}

function clip(bytes: Uint8Array): string {
  let text: string
  try {
    // The cut may be inside a character; what is left of it is no reason to show bytes.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, MOST_CHARS), {
      stream: true,
    })
  } catch {
    return show(bytes)
  }
  return bytes.length > MOST_CHARS ? `${text}... (${bytes.length} bytes)` : text
}
