import { URLSearchParams } from 'node:url'

/**
 * Answers every GET with page N of one buffer that holds a whole stream of `streamBytes` bytes; the offset is the
 * page number. Anything else is read and answered 204.
 */
export function sendPages({ streamBytes, pageBytes }) {
  const stream = Buffer.alloc(streamBytes, 'x')
  const pages = Math.ceil(streamBytes / pageBytes)
  return (request, response) => {
    if (request.method !== 'GET') {
      request.resume()
      request.on('end', () => response.writeHead(204).end())
      return
    }
    const offset = new URLSearchParams(request.url.split('?')[1]).get('offset')
    const page = offset === '-1' ? 0 : Number(offset)
    const next = page + 1
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': pageBytes,
      'stream-next-offset': String(next),
    }
    if (next >= pages) headers['stream-up-to-date'] = 'true'
    response.writeHead(200, headers).end(stream.subarray(page * pageBytes, next * pageBytes))
  }
}
