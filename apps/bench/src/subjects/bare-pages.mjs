import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { URLSearchParams } from 'node:url'
import { makeScratchDirectory } from './scratch-directory.mjs'

/**
 * Answers every GET with page N of a whole stream of `streamBytes` bytes; the offset is the page number. The stream is
 * one buffer, or, with `fromFile`, a file from which each page is read when it is asked for. Anything else is read and
 * answered 204.
 */
export async function sendPages({ streamBytes, pageBytes, fromFile = false }) {
  const stream = Buffer.alloc(streamBytes, 'x')
  const readPage = fromFile
    ? await pagesOfFile(stream, pageBytes)
    : (page) => stream.subarray(page * pageBytes, (page + 1) * pageBytes)
  const pages = Math.ceil(streamBytes / pageBytes)
  return async (request, response) => {
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
    response.writeHead(200, headers).end(await readPage(page))
  }
}

/** Writes the stream into a file; what is returned reads a page of it. */
async function pagesOfFile(stream, pageBytes) {
  const file = await open(join(makeScratchDirectory(), 'stream'), 'w+')
  await file.write(stream)
  return async (page) => {
    const bytes = Buffer.allocUnsafeSlow(pageBytes)
    await file.read(bytes, 0, pageBytes, page * pageBytes)
    return bytes
  }
}
