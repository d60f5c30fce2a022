import { URLSearchParams } from 'node:url'

/**
 * Answers every GET with the same buffer, as page N of a stream of `streamBytes` bytes; the offset is the
 * page number. Anything else is read and answered 204.
 */
export function sendPages({ streamBytes, pageBytes }) {
  const page = Buffer.alloc(pageBytes, 'x')
  const pages = Math.ceil(streamBytes / pageBytes)
  return (request, response) => {
    if (request.method !== 'GET') {
      request.resume()
      request.on('end', () => response.writeHead(204).end())
      return
    }
    const offset = new URLSearchParams(request.url.split('?')[1]).get('offset')
    const next = (offset === '-1' ? 0 : Number(offset)) + 1
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': pageBytes,
      'stream-next-offset': String(next),
    }
    if (next >= pages) headers['stream-up-to-date'] = 'true'
    response.writeHead(200, headers).end(page)
  }
}
