import type { HttpRequest } from '../../src/http/exchange.js'

/** A request that exists only in memory. */
export function fakeRequest(
  headers: Readonly<Record<string, string>> = {},
  chunks: readonly Uint8Array[] = [],
  bodyLength: number | null = chunks.reduce((sum, chunk) => sum + chunk.length, 0),
): HttpRequest {
  return {
    method: 'POST',
    target: '/v1/stream/s',
    origin: 'http://localhost',
    header: (name) => headers[name],
    bodyLength,
    readBody: (check) =>
      Promise.resolve().then(() => {
        let length = 0
        for (const chunk of chunks) check((length += chunk.length))
        return Buffer.concat(chunks)
      }),
    onAbort: () => undefined,
  }
}
